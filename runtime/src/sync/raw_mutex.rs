//! A mutex without data: one word, and the parking lot.
//!
//! | `HELD` | `QUEUED` | meaning |
//! | --- | --- | --- |
//! | 0 | 0 | free, nobody waits |
//! | 1 | 0 | held, nobody waits |
//! | 1 | 1 | held, and threads wait at this address |
//! | 0 | 1 | free, threads wait, and one that waited before them has been woken and is on its way |
//!
//! `QUEUED` changes only under the lock of the queue, so while that lock is held it says exactly
//! whether anybody waits. `HELD` is set by whoever finds it clear and cleared by the holder; the holder
//! who hands the lock over leaves it set.
//!
//! Locking is one compare-and-swap when the mutex is free, and so is unlocking when nobody waits.
//! A thread that comes just when the mutex is let go may overtake the one that was woken. The latter
//! then queues at its old place, and the next unlock hands the mutex to it when it has lost as often as
//! [`Park::PATIENCE`](crate::seam::park::Park::PATIENCE) allows.

use crate::seam::atomic::{AtomicU32, Ordering, const_unless_loom, guess};
use crate::seam::lot::{self, Address, Gate, Waiter};
use crate::seam::park::{Outcome, Spin, Wait};
use crate::seam::queue::Verdict;
use crate::seam::sync::wait_lock;

const HELD: u32 = 1;
const QUEUED: u32 = 2;

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
    pub(crate) fn lock(&self) {
        // Acquire, as wherever `HELD` is set: the partner of the release in `unlock`.
        if self
            .state
            .compare_exchange(0, HELD, Ordering::Acquire, Ordering::Relaxed)
            .is_err()
        {
            self.lock_contended(wait_lock);
        }
    }

    #[inline]
    pub(crate) fn try_lock(&self) -> bool {
        match self
            .state
            .compare_exchange(0, HELD, Ordering::Acquire, Ordering::Relaxed)
        {
            Ok(_) => true,
            Err(state) => state & HELD == 0 && self.try_lock_queued(),
        }
    }

    /// Lets go of the mutex. The caller holds it.
    #[inline]
    pub(crate) fn unlock(&self) {
        // Release, as wherever `HELD` is cleared: the next holder sees what this one did.
        if self
            .state
            .compare_exchange(HELD, 0, Ordering::Release, Ordering::Relaxed)
            .is_err()
        {
            self.unlock_queued();
        }
    }

    /// Takes the mutex if it is free, whether threads wait or not.
    fn try_lock_queued(&self) -> bool {
        let mut state = guess(&self.state);
        while state & HELD == 0 {
            match self.state.compare_exchange_weak(
                state,
                state | HELD,
                Ordering::Acquire,
                Ordering::Relaxed,
            ) {
                Ok(_) => return true,
                Err(now) => state = now,
            }
        }
        false
    }

    /// Takes the mutex, and blocks by `seam` as long as another thread holds it.
    #[cold]
    pub(crate) fn lock_contended(&self, seam: impl Fn(&Wait<'_>) -> Outcome) {
        let waiter = Waiter::new(self.address(), 0, self);
        while !self.try_lock_queued() {
            let outcome = seam(&Wait::new(&waiter, None));
            if outcome == Outcome::Woken && waiter.verdict() == Verdict::HANDED {
                return;
            }
        }
    }

    #[cold]
    fn unlock_queued(&self) {
        lot::serve(self.address(), |queue| {
            // `QUEUED` is set and this thread holds the mutex: by the table nobody else changes the
            // state until the queue's lock is free, so it is stored.
            let Some(front) = queue.front() else {
                // Not reached: `QUEUED` says that somebody waits.
                self.state.store(0, Ordering::Release);
                return;
            };
            let queued = if front.is_last() { 0 } else { QUEUED };
            if front.impatient() {
                // Relaxed: the verdict's release is what the next holder acquires.
                self.state.store(HELD | queued, Ordering::Relaxed);
                queue.wake(Verdict::HANDED);
            } else {
                self.state.store(queued, Ordering::Release);
                queue.wake(Verdict::WOKEN);
            }
        });
    }

    fn address(&self) -> Address {
        Address::of(&self.state)
    }
}

impl Gate for &RawMutex {
    fn spin(&self) -> Spin {
        match self.state.load(Ordering::Relaxed) {
            HELD => Spin::Again,
            state if state & HELD == 0 => Spin::Free,
            _ => Spin::Stop,
        }
    }

    fn close(&self, _impatient: bool) -> bool {
        let mut state = guess(&self.state);
        while state & HELD != 0 {
            // Relaxed: nothing is published; the queue's lock orders it against `unlock_queued`.
            match self.state.compare_exchange_weak(
                state,
                state | QUEUED,
                Ordering::Relaxed,
                Ordering::Relaxed,
            ) {
                Ok(_) => return true,
                Err(now) => state = now,
            }
        }
        false
    }
}
