//! Stacks, reservations of stacks, and a hub's cache of both.
#![allow(unsafe_code)]

use std::io;
use std::mem;
use std::ptr::NonNull;
use std::time::{Duration, Instant};

use super::pages;
use super::slab::{self, Address, Piece, Size};

/// The number of stacks that a hub keeps together with their memory.
const CACHED: usize = 512;
/// The number of bytes, from the top, of which a stack keeps the memory while it is idle for long. Otherwise a thread that
/// has once used more would leave all of it allocated.
const KEPT_BYTES: usize = 16 << 10;
/// The least time between two times that a hub gives back the memory below that.
const PAUSE: Duration = Duration::from_millis(100);
/// The number of stacks for which it is worth reading the clock.
const MANY: usize = 64;
/// A busy hub reads the clock in one of this many polls.
const POLLS: u8 = 16;
/// The number of reservations that a hub takes from the slabs at once, at most as many as a slab has stacks.
const BATCH: usize = 64;
/// Stack tops are shifted by multiples of this many bytes: page-aligned tops of many stacks would all map to the same few
/// sets of the processor's cache.
const STAGGER: usize = 64;
/// The number of different shifts.
const STAGGERS: u32 = 16;

/// One stack: mapped, guarded at its low end, never unmapped.
#[derive(Debug)]
pub(crate) struct Stack {
    limit: NonNull<u8>,
    number: u32,
    size: Size,
}

impl Stack {
    /// Returns the highest address of the stack, aligned to a cache line. The stack grows down from there.
    #[inline]
    pub(crate) fn top(&self) -> NonNull<u8> {
        let shift = (self.number % STAGGERS) as usize * STAGGER;
        // SAFETY: a stack has at least five pages, and guard and shift take less than two of them, so this address is
        // inside the stack, or its end.
        unsafe { self.limit.add(self.size.bytes() - shift) }
    }

    /// Returns the lowest address of the stack, the start of the guard page.
    pub(crate) fn limit(&self) -> NonNull<u8> {
        self.limit
    }

    /// Returns the size of the stack.
    #[inline]
    pub(crate) fn size(&self) -> Size {
        self.size
    }

    /// Gives the memory of the stack back to the OS, except the topmost `kept` bytes. The stack must have been
    /// [`put`](Stacks::put), and no code may run on it any more.
    fn forget_below(&self, kept: usize) {
        let guard = pages::page_size();
        let Some(len) = (self.size.bytes() - guard).checked_sub(kept) else {
            return;
        };
        // SAFETY: the stack has `size.bytes()` bytes, and the first page is its guard.
        let lowest = unsafe { self.limit.add(guard) };
        // SAFETY: the range is a part of the stack without its guard, and no code runs there.
        unsafe { pages::forget(lowest, len) };
    }
}

/// A reservation of a stack for a green thread, from its spawn to its end. Address space is reserved, but memory is not
/// allocated yet.
#[derive(Debug)]
pub(crate) struct Reservation {
    size: Size,
}

impl Reservation {
    /// Reserves a stack, on any OS thread.
    ///
    /// # Errors
    ///
    /// If the process has no address space left.
    pub(crate) fn new(size: Size) -> io::Result<Self> {
        slab::reserve(size, 1)?;
        Ok(Reservation { size })
    }

    /// Converts the reservation to its size without ending it; see [`Reservation::from_size`].
    #[inline]
    pub(crate) fn into_size(self) -> Size {
        let size = self.size;
        mem::forget(self);
        size
    }

    /// Restores a reservation that [`Reservation::into_size`] has converted.
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

/// The cache of one hub: reservations, to avoid an access to the slabs for each; and used stacks, last in first out,
/// since the stack used last is still in the processor's cache.
#[derive(Debug)]
pub(crate) struct Stacks {
    used: Vec<Stack>,
    /// The number of used stacks, from the front, that keep at most [`KEPT_BYTES`]. It may exceed the length of `used`.
    shallow: usize,
    /// The earliest time at which the others may give back the memory below that. `None` is any time.
    shallow_from: Option<Instant>,
    polls: u8,
    /// The size and the number of the spare reservations.
    spare: Option<(Size, usize)>,
}

impl Stacks {
    pub(crate) fn new() -> Self {
        Stacks {
            // Capacity for all stacks that are put between two calls of `trim`, so that the buffer is not reallocated
            // above the memory that many threads have allocated.
            used: Vec::with_capacity(CACHED + CACHED / 2),
            shallow: 0,
            shallow_from: None,
            polls: 0,
            spare: None,
        }
    }

    /// Reserves a stack.
    ///
    /// # Errors
    ///
    /// If the process has no address space left.
    #[inline]
    pub(crate) fn reserve(&mut self, size: Size) -> io::Result<Reservation> {
        match &mut self.spare {
            Some((spare_size, spare)) if *spare_size == size && *spare > 0 => {
                *spare -= 1;
                Ok(Reservation { size })
            }
            _ => self.reserve_batch(size),
        }
    }

    #[cold]
    fn reserve_batch(&mut self, size: Size) -> io::Result<Reservation> {
        if let Some((spare_size, spare)) = self.spare.take() {
            slab::unreserve(spare_size, spare);
        }
        let batch = batch(size);
        if slab::reserve(size, batch).is_err() {
            return Reservation::new(size);
        }
        self.spare = Some((size, batch - 1));
        Ok(Reservation { size })
    }

    /// Ends a reservation.
    #[inline]
    pub(crate) fn release(&mut self, reservation: Reservation) {
        if let Some((spare_size, spare)) = &mut self.spare
            && *spare_size == reservation.size
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

    /// Takes the stack of a reservation.
    ///
    /// # Errors
    ///
    /// If the OS refuses memory in spite of the reservation.
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

    /// Puts back a stack that is no longer used, or is about to be left for good.
    #[inline]
    pub(crate) fn put(&mut self, stack: Stack) {
        self.shallow = self.shallow.min(self.used.len());
        self.used.push(stack);
    }

    /// Gives the memory below [`KEPT_BYTES`] of the used stacks back to the OS. If that was done less than [`PAUSE`] ago,
    /// returns the time to call this again instead. None of the stacks that were [`put`](Self::put) may be in use any
    /// more.
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

    /// Does the same if there are many such stacks. For a hub on which the root is about to run, perhaps for long.
    #[inline]
    pub(crate) fn shrink_if_many(&mut self) {
        if self.deep() >= MANY {
            self.shrink();
        }
    }

    /// Does the same now and then. For a hub that is never idle, which calls this at each poll.
    #[inline]
    pub(crate) fn shrink_now_and_then(&mut self) {
        if self.deep() > 0 {
            self.polls = (self.polls + 1) % POLLS;
            if self.polls == 0 {
                self.shrink();
            }
        }
    }

    /// Returns the number of stacks that may have more memory than they should keep.
    #[inline]
    fn deep(&self) -> usize {
        self.used.len().saturating_sub(self.shallow)
    }

    /// Gives back the stacks beyond [`CACHED`]. None of the stacks that were [`put`](Self::put) may be in use any more.
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
        // The stacks that were used last stay.
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

/// Returns the number of reservations of one size that are taken at once.
fn batch(size: Size) -> usize {
    size.in_a_slab().min(BATCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_stack_is_reserved_alone() {
        let mut stacks = Stacks::new();
        let reservation = stacks.reserve(Size::holding(100 << 20).unwrap()).unwrap();
        assert_eq!(stacks.spare.unwrap().1, 0, "one stack was reserved");
        stacks.release(reservation);
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
        let reservations: Vec<_> = (0..2).map(|_| stacks.reserve(size).unwrap()).collect();
        let [one, other] = [(); 2].map(|()| stacks.take(size).unwrap());
        let apart = one
            .limit()
            .as_ptr()
            .addr()
            .abs_diff(other.limit().as_ptr().addr());
        assert_eq!(apart % size.bytes(), 0);
        for (stack, reservation) in [one, other].into_iter().zip(reservations) {
            stacks.put(stack);
            stacks.release(reservation);
        }
    }

    #[test]
    fn reservations_are_taken_in_batches_and_ended() {
        let size = Size::holding(32 << 10).unwrap();
        let mut stacks = Stacks::new();
        let reservations: Vec<_> = (0..1000).map(|_| stacks.reserve(size).unwrap()).collect();
        for reservation in reservations {
            stacks.release(reservation);
        }
        let (_, spare) = stacks.spare.unwrap();
        assert!((1..=2 * BATCH).contains(&spare), "{spare} are kept");
    }
}
