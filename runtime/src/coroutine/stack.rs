//! One stack, the promise of one, and what a hub keeps of both.
#![allow(unsafe_code)]

use std::io;
use std::mem;
use std::ptr::NonNull;
use std::time::{Duration, Instant};

use super::pages;
use super::slab::{self, Address, Piece, Size};

/// How many stacks a hub keeps together with their memory.
const CACHED: usize = 512;
/// How many bytes from its top on a stack keeps that lies idle for a while. A thread that has used more, once,
/// would leave it all there for good.
const KEPT_BYTES: usize = 16 << 10;
/// At least so long lies between two times that the memory below is given back.
const PAUSE: Duration = Duration::from_millis(100);
/// So many stacks are worth a look at the clock, to see whether it is time.
const MANY: usize = 64;
/// One in so many of the polls of a busy hub looks at the clock.
const POLLS: u8 = 16;
/// How many promises a hub takes from the slabs at once, unless they are more than a slab has.
const BATCH: usize = 64;
/// Stack tops are shifted by multiples of this many bytes: page-aligned tops of many stacks would
/// all fall on the same few sets of the processor's cache.
const STAGGER: usize = 64;
/// How many different shifts there are.
const STAGGERS: u32 = 16;

/// One stack: mapped, guarded at its low end, never unmapped.
#[derive(Debug)]
pub(crate) struct Stack {
    limit: NonNull<u8>,
    number: u32,
    size: Size,
}

impl Stack {
    /// Its highest address, where it begins: aligned to a cache line.
    #[inline]
    pub(crate) fn top(&self) -> NonNull<u8> {
        let shift = (self.number % STAGGERS) as usize * STAGGER;
        // SAFETY: a stack has at least five pages, of which guard and shift take less than two, so this
        // is an address inside, or the end.
        unsafe { self.limit.add(self.size.bytes() - shift) }
    }

    /// Its lowest address, where the guard page begins.
    pub(crate) fn limit(&self) -> NonNull<u8> {
        self.limit
    }

    /// Its size.
    #[inline]
    pub(crate) fn size(&self) -> Size {
        self.size
    }

    /// Gives its memory back to the OS, but for `kept` bytes, in pages, from its top on. It is one that was
    /// [`put`](Stacks::put), and which nothing runs on any more.
    fn forget_below(&self, kept: usize) {
        let guard = pages::page_size();
        let Some(len) = (self.size.bytes() - guard).checked_sub(kept) else {
            return;
        };
        // SAFETY: the stack has `size.bytes()` bytes, the first page of which is its guard.
        let lowest = unsafe { self.limit.add(guard) };
        // SAFETY: this is a part of the stack without its guard, and nothing runs there.
        unsafe { pages::forget(lowest, len) };
    }
}

/// The promise of a stack to a green thread that has not started, and to one that runs, that its stack is
/// there: address space is set aside, memory is not touched yet.
#[derive(Debug)]
pub(crate) struct Reservation {
    size: Size,
}

impl Reservation {
    /// Sets aside a stack, on any OS thread.
    ///
    /// # Errors
    ///
    /// When the process has no address space left for it.
    pub(crate) fn new(size: Size) -> io::Result<Self> {
        slab::reserve(size, 1)?;
        Ok(Reservation { size })
    }

    /// Takes the promise apart, for [`Reservation::from_size`].
    #[inline]
    pub(crate) fn into_size(self) -> Size {
        let size = self.size;
        mem::forget(self);
        size
    }

    /// Puts a promise together again that [`Reservation::into_size`] has taken apart.
    #[inline]
    pub(crate) fn from_size(size: Size) -> Self {
        Reservation { size }
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        slab::unreserve(self.size, 1);
    }
}

/// What one hub keeps: promises, so as not to ask the slabs each time; and stacks that it has used, last
/// in first out, since what was used last is still in the processor's cache.
#[derive(Debug)]
pub(crate) struct Stacks {
    used: Vec<Stack>,
    /// How many of them, from the front, have kept [`KEPT_BYTES`] at most. It may be more than there are.
    shallow: usize,
    /// When the others may have given back what they have below that. None is at any time.
    shallow_from: Option<Instant>,
    polls: u8,
    /// Promises of one size that are not handed out yet.
    spare: Option<(Size, usize)>,
}

impl Stacks {
    pub(crate) fn new() -> Self {
        Stacks {
            // Room for all that it holds between two calls of `trim`, so that it is not made anew above what
            // a crowd has in the allocator's memory.
            used: Vec::with_capacity(CACHED + CACHED / 2),
            shallow: 0,
            shallow_from: None,
            polls: 0,
            spare: None,
        }
    }

    /// Sets aside a stack.
    ///
    /// # Errors
    ///
    /// When the process has no address space left for it.
    #[inline]
    pub(crate) fn reserve(&mut self, size: Size) -> io::Result<Reservation> {
        match &mut self.spare {
            Some((kept, spare)) if *kept == size && *spare > 0 => {
                *spare -= 1;
                Ok(Reservation { size })
            }
            _ => self.reserve_batch(size),
        }
    }

    #[cold]
    fn reserve_batch(&mut self, size: Size) -> io::Result<Reservation> {
        if let Some((kept, spare)) = self.spare.take() {
            slab::unreserve(kept, spare);
        }
        let batch = batch(size);
        if slab::reserve(size, batch).is_err() {
            return Reservation::new(size);
        }
        self.spare = Some((size, batch - 1));
        Ok(Reservation { size })
    }

    /// Takes a promise back.
    #[inline]
    pub(crate) fn release(&mut self, reservation: Reservation) {
        if let Some((kept, spare)) = &mut self.spare
            && *kept == reservation.size
            && *spare < 2 * batch(reservation.size)
        {
            *spare += 1;
            mem::forget(reservation);
        }
    }

    /// Takes a stack that was used before, if there is one.
    #[inline]
    pub(crate) fn take_used(&mut self, size: Size) -> Option<Stack> {
        match self.used.pop_if(|stack| stack.size == size) {
            None if !self.used.is_empty() => {
                let index = self.used.iter().rposition(|stack| stack.size == size)?;
                self.shallow = self.shallow.min(index);
                Some(self.used.swap_remove(index))
            }
            stack => stack,
        }
    }

    /// Takes the stack that was promised.
    ///
    /// # Errors
    ///
    /// When the OS refuses memory for it all the same.
    pub(crate) fn take(&mut self, size: Size) -> io::Result<Stack> {
        if let Some(stack) = self.take_used(size) {
            return Ok(stack);
        }
        let Piece { limit, number } = slab::take(size)?;
        let stack = Stack {
            limit: limit.0,
            number,
            size,
        };
        #[cfg(all(target_arch = "x86_64", target_pointer_width = "64"))]
        super::valgrind::register(stack.limit(), stack.top());
        Ok(stack)
    }

    /// Keeps a stack that is no longer used, or is about to be left for good.
    #[inline]
    pub(crate) fn put(&mut self, stack: Stack) {
        self.shallow = self.shallow.min(self.used.len());
        self.used.push(stack);
    }

    /// Gives the memory that threads which went deep have left in the stacks that are kept back to the OS, unless
    /// that was done a short while ago: then it says when to call this again. None of those that were
    /// [`put`](Self::put) may be in use any more.
    pub(crate) fn shrink(&mut self) -> Option<Instant> {
        if self.deep() == 0 {
            return None;
        }
        let now = Instant::now();
        if let Some(from) = self.shallow_from
            && now < from
        {
            return Some(from);
        }
        for stack in &self.used[self.shallow..] {
            stack.forget_below(KEPT_BYTES);
        }
        self.shallow = self.used.len();
        self.shallow_from = now.checked_add(PAUSE);
        None
    }

    /// The same for a hub whose root is about to go on, perhaps for long, if there are many such stacks.
    #[inline]
    pub(crate) fn shrink_if_many(&mut self) {
        if self.deep() >= MANY {
            self.shrink();
        }
    }

    /// The same for a hub that is never idle. To be called at each of its polls.
    #[inline]
    pub(crate) fn shrink_now_and_then(&mut self) {
        if self.deep() > 0 {
            self.polls = (self.polls + 1) % POLLS;
            if self.polls == 0 {
                self.shrink();
            }
        }
    }

    /// How many stacks may have more memory than they should keep.
    #[inline]
    fn deep(&self) -> usize {
        self.used.len().saturating_sub(self.shallow)
    }

    /// Gives the memory of stacks back of which too many are kept. None of those that were [`put`](Self::put)
    /// may be in use any more.
    #[inline]
    pub(crate) fn trim(&mut self) {
        if self.used.len() > CACHED {
            self.give_back();
        }
    }

    #[cold]
    fn give_back(&mut self) {
        let too_many = self.used.len() - CACHED;
        self.shallow = self.shallow.saturating_sub(too_many);
        // Those that were used last stay.
        for stack in self.used.drain(..too_many) {
            stack.forget_below(0);
            let Stack {
                limit,
                number,
                size,
            } = stack;
            let limit = Address(limit);
            slab::put(size, Piece { limit, number });
        }
    }
}

/// How many promises of one size are taken at once.
fn batch(size: Size) -> usize {
    size.in_a_slab().min(BATCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_stack_is_promised_by_itself() {
        let mut stacks = Stacks::new();
        let promise = stacks.reserve(Size::holding(100 << 20).unwrap()).unwrap();
        assert_eq!(stacks.spare.unwrap().1, 0, "nothing was taken but it");
        stacks.release(promise);
    }

    #[test]
    fn stacks_are_an_odd_number_of_pages_apart() {
        let page = pages::page_size();
        for asked in [0, 64 << 10, (64 << 10) + 1, 2 << 20, 1 << 30] {
            let size = Size::holding(asked).unwrap();
            assert_eq!(size.bytes() / page % 2, 1, "{asked}");
            assert!(size.bytes() - page >= asked);
        }
        let size = Size::holding(256 << 10).unwrap();
        let mut stacks = Stacks::new();
        let promises: Vec<_> = (0..2).map(|_| stacks.reserve(size).unwrap()).collect();
        let [one, other] = [(); 2].map(|()| stacks.take(size).unwrap());
        let apart = one
            .limit()
            .as_ptr()
            .addr()
            .abs_diff(other.limit().as_ptr().addr());
        assert_eq!(apart % size.bytes(), 0);
        for (stack, promise) in [one, other].into_iter().zip(promises) {
            stacks.put(stack);
            stacks.release(promise);
        }
    }

    #[test]
    fn promises_are_kept_in_batches_and_given_back() {
        let size = Size::holding(32 << 10).unwrap();
        let mut stacks = Stacks::new();
        let promises: Vec<_> = (0..1000).map(|_| stacks.reserve(size).unwrap()).collect();
        for promise in promises {
            stacks.release(promise);
        }
        let (_, spare) = stacks.spare.unwrap();
        assert!((1..=2 * BATCH).contains(&spare), "{spare} are kept");
    }
}
