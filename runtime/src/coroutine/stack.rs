//! One stack, the promise of one, and a hub's cache of those that it has used.
#![allow(unsafe_code)]

use std::io;
use std::num::NonZeroUsize;

use corosensei::stack::{Stack as RawStack, StackPointer};

use super::pages;
use super::slab::{self, Piece, Size};

/// How many stacks a hub keeps together with their memory.
const CACHED: usize = 512;
/// Stack tops are shifted by multiples of this many bytes: page-aligned tops of many stacks would
/// all fall on the same few sets of the processor's cache.
const STAGGER: usize = 64;
/// How many different shifts there are.
const STAGGERS: usize = 16;

/// The stack of one coroutine: mapped, guarded at its low end, never unmapped.
#[derive(Debug)]
pub(crate) struct Stack {
    piece: Piece,
    size: Size,
}

// SAFETY: by invariant 2 of `slab` the lowest page is guarded, and `slab::size_of` gives at least
// four pages, of which the guard and the shift of the top take less than two.
unsafe impl RawStack for Stack {
    #[inline]
    fn base(&self) -> StackPointer {
        let shift = (self.piece.number % STAGGERS) * STAGGER;
        let top = self.piece.limit.0.addr().get() + self.size.bytes - shift;
        NonZeroUsize::new(top).expect("a stack does not end at address zero")
    }

    #[inline]
    fn limit(&self) -> StackPointer {
        self.piece.limit.0.addr()
    }
}

/// The promise of a stack: address space is there, memory is not touched yet.
#[derive(Debug)]
pub(crate) struct Reservation {
    size: Size,
}

impl Reservation {
    /// Sets aside a stack of at least `bytes` bytes, guard page included.
    ///
    /// # Errors
    ///
    /// When the process has no address space left for it, or `bytes` is more than any stack has.
    pub(crate) fn new(bytes: usize) -> io::Result<Self> {
        let size = slab::size_of(bytes)?;
        slab::reserve(size)?;
        Ok(Reservation { size })
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        slab::unreserve(self.size);
    }
}

/// The stacks that one hub has used and keeps at hand, last in first out: what was used last is
/// still in the processor's cache.
#[derive(Debug, Default)]
pub(crate) struct StackCache {
    stacks: Vec<Stack>,
}

impl StackCache {
    /// Takes the stack that was promised.
    ///
    /// # Errors
    ///
    /// When the OS refuses memory for it all the same.
    pub(crate) fn take(&mut self, promise: &Reservation) -> io::Result<Stack> {
        if let Some(stack) = self.stacks.pop_if(|stack| stack.size == promise.size) {
            return Ok(stack);
        }
        if let Some(index) = self
            .stacks
            .iter()
            .rposition(|stack| stack.size == promise.size)
        {
            return Ok(self.stacks.swap_remove(index));
        }
        let piece = slab::take(promise.size)?;
        Ok(Stack {
            piece,
            size: promise.size,
        })
    }

    /// Keeps a stack that is no longer used, or gives its memory back when enough are kept.
    pub(crate) fn put(&mut self, stack: Stack) {
        if self.stacks.len() < CACHED {
            self.stacks.push(stack);
        } else {
            let Stack { piece, size } = stack;
            let guard = pages::page_size();
            // SAFETY: the piece has `size.bytes` bytes, the first page of which is its guard.
            let lowest = unsafe { piece.limit.0.add(guard) };
            // SAFETY: this is the piece without its guard, and its coroutine has ended.
            unsafe { pages::forget(lowest, size.bytes - guard) };
            slab::put(size, piece);
        }
    }
}
