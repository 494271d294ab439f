//! A channel without a bound: a linked list of blocks of messages.
//!
//! Each message has a number, which determines its place in a block. The next number and two bits are one word:
//!
//! ```text
//!     tail = number << 2 | PARKED << 1 | CLOSED
//! ```
//!
//! A sender takes a number by compare-and-swap, writes its message into the place, and marks the place
//! as written. That is the only read-modify-write instruction of a send, also when the receiver has to be
//! woken: the receiver parks by a compare-and-swap that sets `PARKED` if no number has been taken since it polled, and the
//! sender that takes the next number clears the bit with the same instruction. So that sender alone must wake the
//! receiver, and has exclusive access to the waker. The receiver needs such an instruction only to park.
//!
//! The last number of each `LAP` has no place. The sender that takes the last place of a block has allocated the next one;
//! until it has linked that, other senders see that number and spin for a few instructions.
//!
//! | `PARKED` | `CLOSED` | meaning |
//! | --- | --- | --- |
//! | 0 | 0 | the receiver is not waiting, or has been woken |
//! | 1 | 0 | the receiver waits, its waker lies in `waker`; all messages have been received |
//! | 0 | 1 | an end is gone: no number can be taken any more |
//!
//! Invariants:
//! 1. There is one [`Receiving`] for each [`Unbounded`], and it is not `Sync`. The receiving side's fields
//!    are accessed by it alone.
//! 2. A place is written once, by the sender that took its number, before it is marked; and read once,
//!    by the receiver, after. No other thread accesses it.
//! 3. A block lives until the receiver has read all of its places; the block that `tail_block` points to
//!    while a number without `CLOSED` is that of one of its places, is such a block. The sender that took
//!    the last place links the next block before it marks the place, so once all places of a block are
//!    marked no sender accesses the block any more.
//! 4. `waker` is written by the receiver before it sets `PARKED`, and taken by the thread that clears `PARKED`: a sender
//!    before it marks its place, the last sender when it closes, or the receiver itself. While `PARKED` is clear and a
//!    sender has not marked its place yet, the receiver does not access `waker`, as it first waits for the mark; after
//!    `CLOSED` it never does.
#![allow(unsafe_code)]

use ::std::cell::Cell;
use ::std::mem::{self, MaybeUninit};
use ::std::sync::Arc;
use ::std::sync::mpsc::{RecvTimeoutError, TryRecvError};
use ::std::task::Waker;
use ::std::time::Instant;

use super::shared::Shared;
use crate::seam::busy::produced;
use crate::seam::sync::wait_signal;
use crate::wait::atomic::{AtomicBool, AtomicPtr, AtomicUsize, Backoff, Ordering, UnsafeCell};
use crate::wait::park::{Outcome, Wait, WaitEntry};

const CLOSED: usize = 1;
const PARKED: usize = 2;
/// One number.
const ONE: usize = 4;

/// Numbers for each block.
const LAP: usize = if cfg!(loom) { 4 } else { 32 };
/// Places of a block.
const PLACES: usize = LAP - 1;

/// The side of the senders.
pub(super) struct Unbounded<T> {
    tail: AtomicUsize,
    tail_block: AtomicPtr<Block<T>>,
    waker: UnsafeCell<Option<Waker>>,
}

// SAFETY: messages go from thread to thread (`T: Send`) and are never shared; by invariant 4 neither is the
// waker.
unsafe impl<T: Send> Send for Unbounded<T> {}
// SAFETY: as above.
unsafe impl<T: Send> Sync for Unbounded<T> {}

/// The side of the receiver.
pub(super) struct Receiving<T> {
    shared: Arc<Shared<Unbounded<T>>>,
    /// The number of the next message, as it stands in `tail`.
    head: Cell<usize>,
    /// The block that it is in.
    head_block: Cell<*mut Block<T>>,
}

// SAFETY: by invariant 1 the receiving side is one thread's at a time, and the messages may go to it.
unsafe impl<T: Send> Send for Receiving<T> {}

struct Block<T> {
    next: AtomicPtr<Block<T>>,
    places: [Place<T>; PLACES],
}

struct Place<T> {
    written: AtomicBool,
    message: UnsafeCell<MaybeUninit<T>>,
}

/// Makes both sides, for one sender.
pub(super) fn new<T>() -> (Arc<Shared<Unbounded<T>>>, Receiving<T>) {
    let block = Block::new();
    let shared = Arc::new(Shared::new(Unbounded {
        tail: AtomicUsize::new(0),
        tail_block: AtomicPtr::new(block),
        waker: UnsafeCell::new(None),
    }));
    let receiving = Receiving {
        shared: shared.clone(),
        head: Cell::new(0),
        head_block: Cell::new(block),
    };
    (shared, receiving)
}

/// The place of a number in its block; `PLACES` if it has none.
fn place(tail: usize) -> usize {
    tail / ONE % LAP
}

impl<T> Unbounded<T> {
    /// Sends a message, or returns it if there is no receiver.
    #[inline]
    pub(super) fn send(&self, message: T) -> Result<(), T> {
        // Acquire, here and below: `tail_block` is not older than what is read here.
        let mut tail = self.tail.load(Ordering::Acquire);
        while tail & CLOSED == 0 && place(tail) + 1 < PLACES {
            // If it is newer than `tail` taking the number fails.
            let block = self.tail_block.load(Ordering::Acquire);
            match self.take_number(tail) {
                Ok(()) => {
                    // SAFETY: this caller took the number, and has loaded the block in between.
                    unsafe { self.write(tail, block, message) };
                    return Ok(());
                }
                Err(now) => tail = now,
            }
        }
        self.send_last(tail, message)
    }

    /// Sends a message as `send` does, also if that needs another block.
    #[cold]
    fn send_last(&self, mut tail: usize, message: T) -> Result<(), T> {
        let mut backoff = Backoff::new();
        let mut next = None;
        loop {
            if tail & CLOSED != 0 {
                return Err(message);
            }
            if place(tail) == PLACES {
                // Another sender is linking the next block.
                backoff.snooze();
                tail = self.tail.load(Ordering::Acquire);
                continue;
            }
            let block = self.tail_block.load(Ordering::Acquire);
            let last = place(tail) + 1 == PLACES;
            if last && next.is_none() {
                next = Some(Fresh(Block::new()));
            }
            if let Err(now) = self.take_number(tail) {
                tail = now;
                continue;
            }
            if last && let Some(next) = next {
                // SAFETY: by invariant 3: it holds the place whose number this sender has taken.
                self.link(unsafe { &*block }, next.0);
                mem::forget(next);
            }
            // SAFETY: this caller took the number, and has loaded the block in between.
            unsafe { self.write(tail, block, message) };
            if last {
                // A sender never has to wait, so nothing else would let the receiver run.
                produced();
            }
            return Ok(());
        }
    }

    /// Takes the number that `tail` says is next, and the duty to wake the receiver if that is parked.
    #[inline]
    fn take_number(&self, tail: usize) -> Result<(), usize> {
        // AcqRel: pairs with the receiver's in `register`, to see the waker, and orders what follows after it.
        let next = tail.wrapping_add(ONE) & !PARKED;
        self.tail
            .compare_exchange_weak(tail, next, Ordering::AcqRel, Ordering::Acquire)
            .map(|_| ())
    }

    /// Writes a message into its place, and wakes the receiver if that is this sender's duty.
    ///
    /// # Safety
    ///
    /// The caller has taken the number that `tail` says, and has loaded `block` after `tail` and before
    /// that.
    #[inline]
    unsafe fn write(&self, tail: usize, block: *mut Block<T>, message: T) {
        // SAFETY: by invariant 3: it holds the place whose number the caller has taken.
        let place = unsafe { &(&(*block).places)[place(tail)] };
        if tail & PARKED == 0 {
            place.write(message);
        } else {
            // SAFETY: by invariant 4: the caller cleared the bit, and has not marked its place.
            let waker = unsafe { self.take_waker() };
            place.write(message);
            if let Some(waker) = waker {
                waker.wake();
            }
        }
    }

    /// Called when the last sender is dropped.
    pub(super) fn close(&self) {
        let mut tail = self.tail.load(Ordering::Relaxed);
        loop {
            // AcqRel: as in `send`.
            match self.tail.compare_exchange_weak(
                tail,
                (tail | CLOSED) & !PARKED,
                Ordering::AcqRel,
                Ordering::Relaxed,
            ) {
                Ok(_) => break,
                Err(now) => tail = now,
            }
        }
        if tail & PARKED != 0 {
            // SAFETY: by invariant 4: this sender, the last, cleared the bit.
            let waker = unsafe { self.take_waker() };
            if let Some(waker) = waker {
                waker.wake();
            }
        }
    }

    /// Takes the receiver's waker.
    ///
    /// # Safety
    ///
    /// By invariant 4 it is the caller's.
    unsafe fn take_waker(&self) -> Option<Waker> {
        // SAFETY: the caller guarantees exclusive access.
        self.waker.with_mut(|waker| unsafe { (*waker).take() })
    }

    /// Lets the next block follow a block whose last place has just been taken.
    fn link(&self, block: &Block<T>, next: *mut Block<T>) {
        // Release, all three: a thread that sees the block sees it empty.
        self.tail_block.store(next, Ordering::Release);
        // The number without a place is skipped. An addition, since the bits may change.
        self.tail.fetch_add(ONE, Ordering::Release);
        block.next.store(next, Ordering::Release);
    }
}

impl<T> Receiving<T> {
    /// Takes the next message, if it is there.
    pub(super) fn try_recv(&self) -> Result<T, TryRecvError> {
        let head = self.head.get();
        // SAFETY: by invariant 3: not all of its places have been read.
        let block = unsafe { &*self.head_block.get() };
        let place = &block.places[place(head)];
        // Acquire: pairs with the release in `Place::write`.
        if !place.written.load(Ordering::Acquire) {
            // Acquire: after `CLOSED` all that the senders did is seen.
            let tail = self.shared.channel.tail.load(Ordering::Acquire);
            if tail & !(CLOSED | PARKED) == head {
                return Err(if tail & CLOSED == 0 {
                    TryRecvError::Empty
                } else {
                    TryRecvError::Disconnected
                });
            }
            place.wait_until_written();
        }
        // SAFETY: by invariant 2: it is marked, and this is the receiver, which goes on to the next.
        let message = unsafe { place.read() };
        if self.advance(head, block) {
            // Nor does one that always finds a message have to wait.
            produced();
        }
        Ok(message)
    }

    /// Takes the next message, and blocks until it is there, or until the deadline.
    pub(super) fn recv(&self, deadline: Option<Instant>) -> Result<T, RecvTimeoutError> {
        loop {
            match self.try_recv() {
                Ok(message) => return Ok(message),
                Err(TryRecvError::Disconnected) => return Err(RecvTimeoutError::Disconnected),
                Err(TryRecvError::Empty) => {}
            }
            if wait_signal(&Wait::new(self, deadline)) == Outcome::TimedOut {
                return Err(RecvTimeoutError::Timeout);
            }
        }
    }

    /// Goes on to the next number that has a place; true if that is in another block.
    fn advance(&self, head: usize, block: &Block<T>) -> bool {
        if place(head) + 1 < PLACES {
            self.head.set(head.wrapping_add(ONE));
            return false;
        }
        // Acquire: pairs with the release in `link`, which came before the mark that has been seen.
        let next = block.next.load(Ordering::Acquire);
        let read = self.head_block.replace(next);
        self.head.set(head.wrapping_add(2 * ONE));
        // SAFETY: by invariant 3 no other thread accesses the block any more; `Block::new` made it from a box.
        drop(unsafe { Box::from_raw(read) });
        true
    }
}

impl<T> WaitEntry for Receiving<T> {
    fn register(&self, waker: Waker, _patience: u32) -> bool {
        let channel = &self.shared.channel;
        // SAFETY: by invariant 4: the receiver does not wait, and has received all that was sent.
        channel
            .waker
            .with_mut(|place| unsafe { *place = Some(waker) });
        let head = self.head.get();
        // Release: the thread that clears the bit sees the waker. This fails if there is a message, or never will be.
        let parked = channel.tail.compare_exchange(
            head,
            head | PARKED,
            Ordering::Release,
            Ordering::Relaxed,
        );
        if parked.is_err() {
            // SAFETY: as above; no other thread accesses it while the bit is clear.
            drop(unsafe { channel.take_waker() });
        }
        parked.is_ok()
    }

    fn is_waiting(&self) -> bool {
        // Acquire: the thread that cleared the bit has taken the waker.
        self.shared.channel.tail.load(Ordering::Acquire) & PARKED != 0
    }

    fn unregister(&self) -> bool {
        let channel = &self.shared.channel;
        // Acquire: as in `is_waiting`.
        let tail = channel.tail.fetch_and(!PARKED, Ordering::Acquire);
        if tail & PARKED == 0 {
            return false;
        }
        // SAFETY: by invariant 4: the receiver itself cleared the bit.
        drop(unsafe { channel.take_waker() });
        true
    }
}

impl<T> Drop for Receiving<T> {
    /// Drops the messages that will not be received now, instead of with the last sender.
    fn drop(&mut self) {
        // Acquire: all numbers that have been taken are before this one, and so are their blocks.
        let end = self.shared.channel.tail.fetch_or(CLOSED, Ordering::Acquire);
        let end = end & !(CLOSED | PARKED);
        // Frees the block in the end, and what is left if a message's drop panics.
        let rest = Rest {
            receiving: self,
            end,
        };
        while let Some(message) = rest.next() {
            drop(message);
        }
    }
}

/// What is left in a channel that is closed.
struct Rest<'a, T> {
    receiving: &'a Receiving<T>,
    end: usize,
}

impl<T> Rest<'_, T> {
    fn next(&self) -> Option<T> {
        let head = self.receiving.head.get();
        // The end may be the number without a place, which the head skips.
        if self.end.wrapping_sub(head).cast_signed() <= 0 {
            return None;
        }
        // SAFETY: by invariant 3.
        let block = unsafe { &*self.receiving.head_block.get() };
        let place = &block.places[place(head)];
        place.wait_until_written();
        // SAFETY: by invariant 2: it is marked, and this is the receiver, which goes on to the next.
        let message = unsafe { place.read() };
        self.receiving.advance(head, block);
        Some(message)
    }
}

impl<T> Drop for Rest<'_, T> {
    fn drop(&mut self) {
        while let Some(message) = self.next() {
            drop(message);
        }
        // SAFETY: after `CLOSED` no number can be taken, so no sender accesses the last block;
        // `Block::new` made it from a box.
        drop(unsafe { Box::from_raw(self.receiving.head_block.get()) });
    }
}

impl<T> Block<T> {
    /// Allocates an empty block.
    #[cfg(not(loom))]
    fn new() -> *mut Block<T> {
        // Never on the stack, which a block of large messages might not fit into.
        let block = Box::<Block<T>>::new_zeroed();
        // SAFETY: zeros are a null pointer, marks that are not set, and messages that are not written.
        Box::into_raw(unsafe { block.assume_init() })
    }

    #[cfg(loom)]
    fn new() -> *mut Block<T> {
        Box::into_raw(Box::new(Block {
            next: AtomicPtr::new(::std::ptr::null_mut()),
            places: ::std::array::from_fn(|_| Place {
                written: AtomicBool::new(false),
                message: UnsafeCell::new(MaybeUninit::uninit()),
            }),
        }))
    }
}

/// A block that is not linked yet.
struct Fresh<T>(*mut Block<T>);

impl<T> Drop for Fresh<T> {
    fn drop(&mut self) {
        // SAFETY: the block has not been shared; `Block::new` made it from a box.
        drop(unsafe { Box::from_raw(self.0) });
    }
}

impl<T> Place<T> {
    /// Called by the sender that has taken the number.
    fn write(&self, message: T) {
        // SAFETY: by invariant 2 no other thread accesses it.
        self.message
            .with_mut(|place| unsafe { (*place).write(message) });
        // Release: a thread that sees the mark sees the message.
        self.written.store(true, Ordering::Release);
    }

    /// Waits for a sender that has taken the number, and is about to write.
    fn wait_until_written(&self) {
        let mut backoff = Backoff::new();
        // Acquire: pairs with the release in `write`.
        while !self.written.load(Ordering::Acquire) {
            backoff.snooze();
        }
    }

    /// Takes the message out.
    ///
    /// # Safety
    ///
    /// The place is marked as written, and this is done once.
    unsafe fn read(&self) -> T {
        // SAFETY: by invariant 2 no other thread accesses it.
        let message = self.message.with(|place| unsafe { place.read() });
        // SAFETY: by the caller's guarantee.
        unsafe { message.assume_init() }
    }
}
