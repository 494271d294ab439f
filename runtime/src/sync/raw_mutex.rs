//! A mutex without data: one word, and the parking lot.
//!
//! | bit | meaning |
//! | --- | --- |
//! | `HELD` | a thread holds the mutex |
//! | `QUEUED` | threads wait at this address |
//! | `RESERVED` | a waiter has lost to barging threads as often as its patience allows: the mutex can be acquired by hand-off only |
//! | the others | a page of the holder's stack, for reports, see [`stack_page`]; zero between a hand-off and the holder's resumption |
//!
//! `QUEUED` and `RESERVED` change only under the lock of the queue, and are set only while a thread holds the mutex, or
//! has released it and is about to process the queue. So if either is set and the mutex is free, another thread will
//! handle it: the last holder, which processes the queue, or a waiter that it has woken.
//!
//! Locking is one compare-and-swap when the mutex is free, and unlocking one `and` when there are no waiters. A thread
//! that arrives when the mutex is released may barge in before the woken waiter. The latter then queues at its previous
//! place, and when it has lost as often as
//! [`Park::PATIENCE`](crate::wait::park::Park::PATIENCE) allows, it reserves the mutex, and the next unlock
//! hands it over.

use crate::interruption;
use crate::seam::busy::acquires;
use crate::seam::sync::wait_lock;
use crate::wait::atomic::{AtomicU32, Ordering, const_unless_loom, guess};
use crate::wait::park::{Outcome, Spin, Wait};
use crate::wait::parking_lot::{self, Address, Gate, Queue, Waiter};
use crate::wait::queue::Verdict;
use crate::wait::reason::{Holder, Kind, Reason};
use crate::wait::stack_page;

const HELD: u32 = 1;
const QUEUED: u32 = 2;
const RESERVED: u32 = 4;
const MARKS: u32 = QUEUED | RESERVED;
/// The position of the holder's page.
const PAGE: u32 = u32::BITS - stack_page::BITS;

/// Returns the state of a mutex without waiters that this thread acquires.
#[inline(always)]
fn held_here() -> u32 {
    HELD | stack_page::here() << PAGE
}

pub(crate) struct RawMutex {
    state: AtomicU32,
}

impl RawMutex {
    const_unless_loom! {
        #[inline]
        pub(crate) fn new() -> RawMutex {
            RawMutex {
                state: AtomicU32::new(0),
            }
        }
    }

    #[inline]
    #[track_caller]
    pub(crate) fn lock(&self) {
        acquires();
        // Acquire, as wherever `HELD` is set: pairs with the release in `unlock`.
        if self
            .state
            .compare_exchange(0, held_here(), Ordering::Acquire, Ordering::Relaxed)
            .is_err()
        {
            let is_held = self.lock_contended(|wait| wait_lock(&wait.interruptible()));
            if !is_held {
                interruption::unwind();
            }
        }
    }

    /// Acquires the mutex for a thread that cannot go on without it: the wait is not interrupted.
    pub(crate) fn lock_again(&self) {
        acquires();
        // Acquire: as in `lock`.
        if self
            .state
            .compare_exchange(0, held_here(), Ordering::Acquire, Ordering::Relaxed)
            .is_err()
        {
            let is_held = self.lock_contended(|wait| wait_lock(&wait));
            debug_assert!(is_held, "the wait is not interruptible");
        }
    }

    #[inline]
    pub(crate) fn try_lock(&self) -> bool {
        acquires();
        match self
            .state
            .compare_exchange(0, held_here(), Ordering::Acquire, Ordering::Relaxed)
        {
            Ok(_) => true,
            Err(state) => state & HELD == 0 && self.try_lock_queued(),
        }
    }

    /// Releases the mutex, which the caller holds.
    #[inline]
    pub(crate) fn unlock(&self) {
        // Release, as wherever `HELD` is cleared: the next holder sees what this one did. The result is compared with zero,
        // so that one instruction clears `HELD` and the page, and leaves and tells the marks.
        if self.state.fetch_and(MARKS, Ordering::Release) & MARKS != 0 {
            self.unlock_queued();
        }
    }

    /// Acquires the mutex if it is free and not reserved, even if it has waiters.
    fn try_lock_queued(&self) -> bool {
        let mut state = guess(&self.state);
        while state & (HELD | RESERVED) == 0 {
            match self.state.compare_exchange_weak(
                state,
                state | held_here(),
                Ordering::Acquire,
                Ordering::Relaxed,
            ) {
                Ok(_) => return true,
                Err(now) => state = now,
            }
        }
        false
    }

    /// Acquires the mutex; blocks by `block` while another thread holds it. Returns false if that was interrupted.
    #[cold]
    #[track_caller]
    pub(crate) fn lock_contended(&self, block: impl Fn(Wait<'_>) -> Outcome) -> bool {
        let waiter = Waiter::new(self.address(), 0, self);
        while !self.try_lock_queued() {
            match block(Wait::new(&waiter, None).located()) {
                Outcome::Woken if waiter.verdict() == Verdict::HANDED => {
                    // Relaxed: for reports. The thread that has handed it over could not know the page.
                    self.state
                        .fetch_add(stack_page::here() << PAGE, Ordering::Relaxed);
                    return true;
                }
                // The marks that it has set may be stale now. As long as the mutex is held they cost the holder a look at
                // the queue, which puts them right.
                Outcome::Interrupted => return false,
                _ => {}
            }
        }
        true
    }

    #[cold]
    fn unlock_queued(&self) {
        parking_lot::with_queue(self.address(), |queue| {
            let mut state = guess(&self.state);
            loop {
                // If another thread has acquired the mutex in the meantime, it will process the queue, or has already
                // done so.
                if state & HELD != 0 || state & QUEUED == 0 {
                    return;
                }
                // The mutex is acquired again, so that no other thread can acquire it. Acquire: the thread that is handed
                // the mutex sees what all previous holders did.
                match self.state.compare_exchange_weak(
                    state,
                    state | HELD,
                    Ordering::Acquire,
                    Ordering::Relaxed,
                ) {
                    Ok(_) => return self.pass_on(queue),
                    Err(now) => state = now,
                }
            }
        });
    }

    /// Passes the mutex on to the longest waiter. The caller holds it, and the lock of the queue, so no other thread
    /// changes the state, and a store is enough.
    fn pass_on(&self, queue: &mut Queue<'_>) {
        let front_is_impatient = queue.front().is_some_and(|front| front.impatient());
        let marks = match queue.iter().nth(1) {
            None => 0,
            Some(second) if second.impatient() => QUEUED | RESERVED,
            Some(_) => QUEUED,
        };
        if front_is_impatient {
            // Relaxed: the verdict's release is what the next holder acquires.
            self.state.store(HELD | marks, Ordering::Relaxed);
            queue.wake(Verdict::HANDED);
        } else {
            // Not reserved, or the woken waiter could not acquire it.
            self.state.store(marks & !RESERVED, Ordering::Release);
            queue.wake(Verdict::WOKEN);
        }
    }

    fn address(&self) -> Address {
        Address::of(&self.state)
    }
}

impl Gate for &RawMutex {
    fn spin(&self) -> Spin {
        match self.state.load(Ordering::Relaxed) & (HELD | MARKS) {
            HELD => Spin::Again,
            state if state & (HELD | RESERVED) == 0 => Spin::Free,
            _ => Spin::Stop,
        }
    }

    fn validate(&self, impatient: bool) -> bool {
        let marks = if impatient { QUEUED | RESERVED } else { QUEUED };
        let mut state = guess(&self.state);
        while state & (HELD | RESERVED) != 0 {
            // Relaxed: nothing is published; the queue's lock orders it against the thread that passes the mutex on.
            match self.state.compare_exchange_weak(
                state,
                state | marks,
                Ordering::Relaxed,
                Ordering::Relaxed,
            ) {
                Ok(_) => return true,
                Err(now) => state = now,
            }
        }
        false
    }

    fn reason(&self) -> Reason {
        let page = self.state.load(Ordering::Relaxed) >> PAGE;
        let holder = match page {
            0 => Holder::Unknown,
            page => Holder::Page(page),
        };
        Reason::new(Kind::Mutex, &self.state).held_by(holder)
    }
}
