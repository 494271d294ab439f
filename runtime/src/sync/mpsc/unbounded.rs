//! A channel with unlimited capacity: a linked list of blocks of messages.
//!
//! Each message has a number, which determines its slot in a block. The next number and two bits share one word:
//!
//! ```text
//!     tail = number << 2 | PARKED << 1 | CLOSED
//! ```
//!
//! A sender takes a number by compare-and-swap, writes its message into the slot, and marks the slot as written. The
//! compare-and-swap is the only read-modify-write instruction of a send, even if the receiver has to be woken. To park, the
//! receiver sets `PARKED` by a compare-and-swap, which fails if a number has been taken since it polled. The sender that
//! takes the next number clears the bit with the same instruction. So only that sender must wake the receiver, and it has
//! exclusive access to the waker. The receiver needs a read-modify-write instruction only to park.
//!
//! The last number of each `LAP` has no slot. The sender that takes the last slot of a block has already allocated the next
//! block. Until it has linked that block, other senders read the number without a slot, and spin for a few instructions.
//!
//! | `PARKED` | `CLOSED` | meaning |
//! | --- | --- | --- |
//! | 0 | 0 | the receiver is not waiting, or has been woken |
//! | 1 | 0 | the receiver waits, its waker is in `waker`; all messages have been received |
//! | 0 | 1 | the receiver or all senders have been dropped: no number can be taken |
//!
//! Invariants:
//! 1. There is one [`UnboundedReceiver`] for each [`Unbounded`], and it is not `Sync`. Only one thread at a time accesses
//!    its fields.
//! 2. A slot is written once, by the sender that took its number, before it is marked, and read once, by the receiver,
//!    afterwards. No other thread accesses it.
//! 3. A block lives until the receiver has read all of its slots. While `tail` holds the number of a slot of the block that
//!    `tail_block` points to, without `CLOSED`, that block is alive. The sender that took the last slot links the next block
//!    before it marks the slot, so once all slots of a block are marked, no sender accesses the block.
//! 4. `waker` is written by the receiver before it sets `PARKED`, and taken by the thread that clears `PARKED`: a sender
//!    before it marks its slot, the last sender when it sets `CLOSED`, or the receiver itself. While `PARKED` is clear and a
//!    sender has not marked its slot yet, the receiver does not access `waker`, since it first waits for the mark. After
//!    `CLOSED` it never accesses it.
#![allow(unsafe_code)]

use ::std::cell::Cell;
use ::std::mem::{self, MaybeUninit};
use ::std::sync::Arc;
use ::std::sync::mpsc::{RecvTimeoutError, TryRecvError};
use ::std::task::Waker;
use ::std::time::Instant;

use super::counter::Counter;
use crate::interruption;
use crate::seam::busy::produced;
use crate::seam::sync::wait_signal;
use crate::wait::atomic::{AtomicBool, AtomicPtr, AtomicUsize, Backoff, Ordering, UnsafeCell};
use crate::wait::park::{Outcome, Wait, WaitEntry};
use crate::wait::reason::{Kind, Reason};

const CLOSED: usize = 1;
const PARKED: usize = 2;
/// The distance of two consecutive numbers in `tail`.
const ONE: usize = 4;

/// The number of message numbers for each block.
const LAP: usize = if cfg!(loom) { 4 } else { 32 };
/// The number of slots of a block.
const SLOTS: usize = LAP - 1;

/// The channel, as its senders access it.
pub(super) struct Unbounded<T> {
    tail: AtomicUsize,
    tail_block: AtomicPtr<Block<T>>,
    waker: UnsafeCell<Option<Waker>>,
}

// SAFETY: messages are sent between threads (`T: Send`) and never shared. By invariant 4 the waker is not shared either.
unsafe impl<T: Send> Send for Unbounded<T> {}
// SAFETY: as above.
unsafe impl<T: Send> Sync for Unbounded<T> {}

/// The receiving half.
pub(super) struct UnboundedReceiver<T> {
    counter: Arc<Counter<Unbounded<T>>>,
    /// The number of the next message, shifted as in `tail`.
    head: Cell<usize>,
    /// The block of the next message.
    head_block: Cell<*mut Block<T>>,
}

// SAFETY: by invariant 1 one thread at a time accesses the receiver, and the messages may be sent to it (`T: Send`).
unsafe impl<T: Send> Send for UnboundedReceiver<T> {}

struct Block<T> {
    next: AtomicPtr<Block<T>>,
    slots: [MessageSlot<T>; SLOTS],
}

struct MessageSlot<T> {
    written: AtomicBool,
    message: UnsafeCell<MaybeUninit<T>>,
}

/// Creates a channel with one sender, and returns both halves.
pub(super) fn new<T>() -> (Arc<Counter<Unbounded<T>>>, UnboundedReceiver<T>) {
    let block = Block::new();
    let counter = Arc::new(Counter::new(Unbounded {
        tail: AtomicUsize::new(0),
        tail_block: AtomicPtr::new(block),
        waker: UnsafeCell::new(None),
    }));
    let receiver = UnboundedReceiver {
        counter: counter.clone(),
        head: Cell::new(0),
        head_block: Cell::new(block),
    };
    (counter, receiver)
}

/// Returns the index of a number's slot in its block; `SLOTS` if it has none.
fn slot_index(tail: usize) -> usize {
    tail / ONE % LAP
}

impl<T> Unbounded<T> {
    /// Sends a message, or returns it if there is no receiver.
    #[inline]
    pub(super) fn send(&self, message: T) -> Result<(), T> {
        // Acquire, here and below: `tail_block` is not older than the `tail` that is read here.
        let mut tail = self.tail.load(Ordering::Acquire);
        while tail & CLOSED == 0 && slot_index(tail) + 1 < SLOTS {
            // If `tail_block` is newer than `tail`, taking the number fails.
            let block = self.tail_block.load(Ordering::Acquire);
            match self.take_number(tail) {
                Ok(()) => {
                    // SAFETY: this call took the number, and loaded the block after `tail` and before that.
                    unsafe { self.write(tail, block, message) };
                    return Ok(());
                }
                Err(now) => tail = now,
            }
        }
        self.send_last(tail, message)
    }

    /// Sends a message as `send` does, even if it needs another block.
    #[cold]
    fn send_last(&self, mut tail: usize, message: T) -> Result<(), T> {
        let mut backoff = Backoff::new();
        let mut next = None;
        loop {
            if tail & CLOSED != 0 {
                return Err(message);
            }
            if slot_index(tail) == SLOTS {
                // Another sender is linking the next block.
                backoff.snooze();
                tail = self.tail.load(Ordering::Acquire);
                continue;
            }
            let block = self.tail_block.load(Ordering::Acquire);
            let last = slot_index(tail) + 1 == SLOTS;
            if last && next.is_none() {
                next = Some(UnlinkedBlock(Block::new()));
            }
            if let Err(now) = self.take_number(tail) {
                tail = now;
                continue;
            }
            if last && let Some(next) = next {
                // SAFETY: by invariant 3: this sender has taken the number of a slot of the block.
                self.link(unsafe { &*block }, next.0);
                mem::forget(next);
            }
            // SAFETY: this call took the number, and loaded the block after `tail` and before that.
            unsafe { self.write(tail, block, message) };
            if last {
                // A sender never blocks, so otherwise a receiver on the same OS thread might never run.
                produced();
            }
            return Ok(());
        }
    }

    /// Takes the number in `tail`. If `tail` has `PARKED`, the caller must wake the receiver.
    #[inline]
    fn take_number(&self, tail: usize) -> Result<(), usize> {
        // AcqRel: pairs with the receiver's release in `register`, so the waker is visible, and orders what follows after it.
        let next = tail.wrapping_add(ONE) & !PARKED;
        self.tail
            .compare_exchange_weak(tail, next, Ordering::AcqRel, Ordering::Acquire)
            .map(|_| ())
    }

    /// Writes a message into its slot, and wakes the receiver if `tail` has `PARKED`.
    ///
    /// # Safety
    ///
    /// The caller has taken the number in `tail`, and has loaded `block` after `tail` and before taking the number.
    #[inline]
    unsafe fn write(&self, tail: usize, block: *mut Block<T>, message: T) {
        // SAFETY: by invariant 3: the caller has taken the number of a slot of the block.
        let slot = unsafe { &(&(*block).slots)[slot_index(tail)] };
        if tail & PARKED == 0 {
            slot.write(message);
        } else {
            // SAFETY: by invariant 4: the caller cleared the bit, and has not marked its slot.
            let waker = unsafe { self.take_waker() };
            slot.write(message);
            if let Some(waker) = waker {
                waker.wake();
            }
        }
    }

    /// Called when the last sender is dropped.
    pub(super) fn disconnect_senders(&self) {
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
    /// By invariant 4 the caller has exclusive access to it.
    unsafe fn take_waker(&self) -> Option<Waker> {
        // SAFETY: the caller guarantees exclusive access.
        self.waker.with_mut(|waker| unsafe { (*waker).take() })
    }

    /// Links the next block to `block`, after the last slot of `block` has been taken.
    fn link(&self, block: &Block<T>, next: *mut Block<T>) {
        // Release, all three: a thread that sees the new block sees it initialized.
        self.tail_block.store(next, Ordering::Release);
        // Skips the number without a slot. An addition, since the bits may change concurrently.
        self.tail.fetch_add(ONE, Ordering::Release);
        block.next.store(next, Ordering::Release);
    }
}

impl<T> UnboundedReceiver<T> {
    /// Receives the next message, if there is one.
    pub(super) fn try_recv(&self) -> Result<T, TryRecvError> {
        let head = self.head.get();
        // SAFETY: by invariant 3: not all slots of the block have been read.
        let block = unsafe { &*self.head_block.get() };
        let slot = &block.slots[slot_index(head)];
        // Acquire: pairs with the release in `MessageSlot::write`.
        if !slot.written.load(Ordering::Acquire) {
            // Acquire: with `CLOSED`, everything that the senders did is visible.
            let tail = self.counter.channel.tail.load(Ordering::Acquire);
            if tail & !(CLOSED | PARKED) == head {
                return Err(if tail & CLOSED == 0 {
                    TryRecvError::Empty
                } else {
                    TryRecvError::Disconnected
                });
            }
            slot.wait_until_written();
        }
        // SAFETY: by invariant 2: the slot is marked, and this is the receiver, which advances past it.
        let message = unsafe { slot.read() };
        if self.advance(head, block) {
            // A receiver that always finds a message never blocks either.
            produced();
        }
        Ok(message)
    }

    /// Receives the next message, blocking until there is one, or until the deadline.
    #[track_caller]
    pub(super) fn recv(&self, deadline: Option<Instant>) -> Result<T, RecvTimeoutError> {
        loop {
            match self.try_recv() {
                Ok(message) => return Ok(message),
                Err(TryRecvError::Disconnected) => return Err(RecvTimeoutError::Disconnected),
                Err(TryRecvError::Empty) => {}
            }
            match wait_signal(&Wait::new(self, deadline).located().interruptible()) {
                Outcome::TimedOut => return Err(RecvTimeoutError::Timeout),
                Outcome::Interrupted => interruption::unwind(),
                Outcome::Ready | Outcome::Woken => {}
            }
        }
    }

    /// Advances to the next number that has a slot. Returns whether it is in another block.
    fn advance(&self, head: usize, block: &Block<T>) -> bool {
        if slot_index(head) + 1 < SLOTS {
            self.head.set(head.wrapping_add(ONE));
            return false;
        }
        // Acquire: pairs with the release in `link`, which precedes the mark of the last slot.
        let next = block.next.load(Ordering::Acquire);
        let read = self.head_block.replace(next);
        self.head.set(head.wrapping_add(2 * ONE));
        // SAFETY: by invariant 3 no other thread accesses the block; `Block::new` made it from a box.
        drop(unsafe { Box::from_raw(read) });
        true
    }
}

impl<T> WaitEntry for UnboundedReceiver<T> {
    fn register(&self, waker: Waker, _patience: u32) -> bool {
        let channel = &self.counter.channel;
        // SAFETY: by invariant 4: the receiver is not parked, and has received all messages that were sent.
        channel
            .waker
            .with_mut(|slot| unsafe { *slot = Some(waker) });
        let head = self.head.get();
        // Release: the thread that clears the bit sees the waker. This fails if there is a message, or if the channel is
        // disconnected.
        let parked = channel.tail.compare_exchange(
            head,
            head | PARKED,
            Ordering::Release,
            Ordering::Relaxed,
        );
        if parked.is_err() {
            // SAFETY: as above; no other thread accesses the waker while the bit is clear.
            drop(unsafe { channel.take_waker() });
        }
        parked.is_ok()
    }

    fn is_waiting(&self) -> bool {
        // Acquire: the thread that cleared the bit has taken the waker.
        self.counter.channel.tail.load(Ordering::Acquire) & PARKED != 0
    }

    fn unregister(&self) -> bool {
        let channel = &self.counter.channel;
        // Acquire: as in `is_waiting`.
        let tail = channel.tail.fetch_and(!PARKED, Ordering::Acquire);
        if tail & PARKED == 0 {
            return false;
        }
        // SAFETY: by invariant 4: the receiver itself cleared the bit.
        drop(unsafe { channel.take_waker() });
        true
    }

    fn reason(&self) -> Reason {
        Reason::new(Kind::ChannelReceive, &self.counter.channel)
    }
}

impl<T> Drop for UnboundedReceiver<T> {
    /// Drops the remaining messages now, instead of when the last sender is dropped.
    fn drop(&mut self) {
        // Acquire: all numbers that have been taken precede this one, and so do their blocks.
        let end = self
            .counter
            .channel
            .tail
            .fetch_or(CLOSED, Ordering::Acquire);
        let end = end & !(CLOSED | PARKED);
        // Frees the last block, and drops the rest of the messages if the drop of one panics.
        let remaining = Remaining {
            receiver: self,
            end,
        };
        while let Some(message) = remaining.next() {
            drop(message);
        }
    }
}

/// The remaining messages of a channel that is closed.
struct Remaining<'a, T> {
    receiver: &'a UnboundedReceiver<T>,
    end: usize,
}

impl<T> Remaining<'_, T> {
    fn next(&self) -> Option<T> {
        let head = self.receiver.head.get();
        // The end may be the number without a slot, which the head skips.
        if self.end.wrapping_sub(head).cast_signed() <= 0 {
            return None;
        }
        // SAFETY: by invariant 3.
        let block = unsafe { &*self.receiver.head_block.get() };
        let slot = &block.slots[slot_index(head)];
        slot.wait_until_written();
        // SAFETY: by invariant 2: the slot is marked, and this is the receiver, which advances past it.
        let message = unsafe { slot.read() };
        self.receiver.advance(head, block);
        Some(message)
    }
}

impl<T> Drop for Remaining<'_, T> {
    fn drop(&mut self) {
        while let Some(message) = self.next() {
            drop(message);
        }
        // SAFETY: after `CLOSED` no number can be taken, so no sender accesses the last block;
        // `Block::new` made it from a box.
        drop(unsafe { Box::from_raw(self.receiver.head_block.get()) });
    }
}

impl<T> Block<T> {
    /// Allocates an empty block.
    #[cfg(not(loom))]
    fn new() -> *mut Block<T> {
        // Not built on the stack: a block of large messages might not fit there.
        let block = Box::<Block<T>>::new_zeroed();
        // SAFETY: zeros are a null pointer, clear marks, and uninitialized messages, all of which are valid.
        Box::into_raw(unsafe { block.assume_init() })
    }

    #[cfg(loom)]
    fn new() -> *mut Block<T> {
        Box::into_raw(Box::new(Block {
            next: AtomicPtr::new(::std::ptr::null_mut()),
            slots: ::std::array::from_fn(|_| MessageSlot {
                written: AtomicBool::new(false),
                message: UnsafeCell::new(MaybeUninit::uninit()),
            }),
        }))
    }
}

/// A block that is not linked yet.
struct UnlinkedBlock<T>(*mut Block<T>);

impl<T> Drop for UnlinkedBlock<T> {
    fn drop(&mut self) {
        // SAFETY: the block has not been shared; `Block::new` made it from a box.
        drop(unsafe { Box::from_raw(self.0) });
    }
}

impl<T> MessageSlot<T> {
    /// Writes the message, and marks the slot. Called by the sender that has taken the number.
    fn write(&self, message: T) {
        // SAFETY: by invariant 2 no other thread accesses it.
        self.message
            .with_mut(|slot| unsafe { (*slot).write(message) });
        // Release: a thread that reads the mark sees the message.
        self.written.store(true, Ordering::Release);
    }

    /// Spins until the sender that has taken the number has written the message.
    fn wait_until_written(&self) {
        let mut backoff = Backoff::new();
        // Acquire: pairs with the release in `write`.
        while !self.written.load(Ordering::Acquire) {
            backoff.snooze();
        }
    }

    /// Takes the message.
    ///
    /// # Safety
    ///
    /// The slot must be marked as written. Must be called at most once.
    unsafe fn read(&self) -> T {
        // SAFETY: by invariant 2 no other thread accesses it.
        let message = self.message.with(|slot| unsafe { slot.read() });
        // SAFETY: by the caller's guarantee.
        unsafe { message.assume_init() }
    }
}
