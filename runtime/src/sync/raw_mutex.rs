//! A mutex without data: one word, and the parking lot.
//!
//! | bit | meaning |
//! | --- | --- |
//! | `HELD` | a thread holds the mutex |
//! | `QUEUED` | threads wait at this address |
//! | `RESERVED` | one of them has been overtaken as often as it bears: nobody may take the mutex but by being handed it |
//!
//! `QUEUED` and `RESERVED` change only under the lock of the queue, and are set only while somebody
//! holds the mutex, or has let go of it and is on the way to the queue. So if either is set and the mutex
//! is free, then somebody is on the way: who held it last, to look after the queue, or a thread that it
//! has woken.
//!
//! Locking is one compare-and-swap when the mutex is free, and unlocking one subtraction when nobody
//! waits. A thread that comes just when the mutex is let go of may overtake the one that was woken. The
//! latter then queues at its old place, and when it has lost as often as
//! [`Park::PATIENCE`](crate::wait::park::Park::PATIENCE) allows, it reserves the mutex, and the next unlock
//! hands it over.

use crate::seam::busy::acquires;
use crate::seam::sync::wait_lock;
use crate::wait::atomic::{AtomicU32, Ordering, const_unless_loom, guess};
use crate::wait::park::{Outcome, Spin, Wait};
use crate::wait::parking_lot::{self, Address, Gate, Queue, Waiter};
use crate::wait::queue::Verdict;

const HELD: u32 = 1;
const QUEUED: u32 = 2;
const RESERVED: u32 = 4;

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
        acquires();
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
        acquires();
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
        if self.state.fetch_sub(HELD, Ordering::Release) != HELD {
            self.unlock_queued();
        }
    }

    /// Takes the mutex if it is free and not reserved, whether threads wait or not.
    fn try_lock_queued(&self) -> bool {
        let mut state = guess(&self.state);
        while state & (HELD | RESERVED) == 0 {
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
        parking_lot::serve(self.address(), |queue| {
            let mut state = guess(&self.state);
            loop {
                // Whoever took the mutex meanwhile looks after the queue, and whoever else let go of it
                // just now may have done so already.
                if state & HELD != 0 || state & QUEUED == 0 {
                    return;
                }
                // Taken again, so that nobody else comes. Acquire: who is passed the mutex sees what
                // all its holders did.
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

    /// Passes the mutex on to who has waited longest. The caller holds it, and the lock of the queue, so
    /// nobody else changes the state, and it is stored.
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
            // Not reserved, or the one that is woken could not take it.
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
        match self.state.load(Ordering::Relaxed) {
            HELD => Spin::Again,
            state if state & (HELD | RESERVED) == 0 => Spin::Free,
            _ => Spin::Stop,
        }
    }

    fn close(&self, impatient: bool) -> bool {
        let marks = if impatient { QUEUED | RESERVED } else { QUEUED };
        let mut state = guess(&self.state);
        while state & (HELD | RESERVED) != 0 {
            // Relaxed: nothing is published; the queue's lock orders it against who passes the mutex on.
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
}
