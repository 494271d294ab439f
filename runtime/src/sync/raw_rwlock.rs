//! A reader-writer lock without data: one word, and the parking lot.
//!
//! | bits | meaning |
//! | --- | --- |
//! | `HOLDERS` | the number of readers that hold the lock; `WRITER`, which is all of these bits, if a writer does |
//! | `QUEUED` | threads wait at this address; new readers queue too unless the lock is free |
//! | `RESERVED` | a waiting writer has lost too often: the lock can be acquired by hand-off only |
//!
//! `QUEUED` and `RESERVED` change only under the lock of the queue. `RESERVED` is set only while a thread holds the lock. So
//! if either is set and the lock is free, another thread will handle it: the last holder, which processes the queue, or a
//! writer that it has woken.
//!
//! A holder that releases the lock while threads wait passes it on, under the lock of the queue:
//! - to the readers at the front of the queue, all up to the next writer: the lock is handed to them;
//! - to a writer at the front: it is woken, and the lock is free until it resumes. Another thread may barge in; the
//!   writer then queues at its previous place, and the next time, if it has lost as often as
//!   [`Park::PATIENCE`](crate::wait::park::Park::PATIENCE) allows, the lock is handed to it.
//!
//! A waiter that is interrupted leaves the queue. If readers hold the lock and readers are at the front of the queue then, they
//! are handed the lock, too.
//!
//! So a reader waits for one writer, and for the threads that arrived before it; a writer waits for the threads that
//! arrived before it, and for few that arrived later.

use crate::interruption;
use crate::seam::busy::acquires;
use crate::seam::sync::wait_lock;
use crate::wait::atomic::{AtomicU32, Ordering, const_unless_loom, guess};
use crate::wait::park::{Outcome, Spin, Wait};
use crate::wait::parking_lot::{self, Address, Gate, Queue, Waiter, Want};
use crate::wait::queue::Verdict;
use crate::wait::reason::{Kind, Reason};

const HOLDERS: u32 = (1 << 30) - 1;
const WRITER: u32 = HOLDERS;
const MOST_READERS: u32 = WRITER - 1;
const QUEUED: u32 = 1 << 30;
const RESERVED: u32 = 1 << 31;

/// The kind of lock that a waiter wants.
pub(super) const READ: Want = 0;
pub(super) const WRITE: Want = 1;

pub(crate) struct RawRwLock {
    state: AtomicU32,
}

impl RawRwLock {
    const_unless_loom! {
        #[inline]
        pub(crate) fn new() -> RawRwLock {
            RawRwLock {
                state: AtomicU32::new(0),
            }
        }
    }

    #[inline]
    #[track_caller]
    pub(crate) fn read(&self) {
        acquires();
        let state = self.state.load(Ordering::Relaxed);
        // Any other bit makes the state larger than `MOST_READERS`. Acquire, as wherever the lock is acquired: pairs with
        // the releases in `unlock_read` and `unlock_write`.
        if state >= MOST_READERS
            || self
                .state
                .compare_exchange_weak(state, state + 1, Ordering::Acquire, Ordering::Relaxed)
                .is_err()
        {
            self.wait_for(READ);
        }
    }

    #[inline]
    #[track_caller]
    pub(crate) fn try_read(&self) -> bool {
        acquires();
        self.try_acquire(READ)
    }

    #[inline]
    #[track_caller]
    pub(crate) fn write(&self) {
        acquires();
        if self
            .state
            .compare_exchange(0, WRITER, Ordering::Acquire, Ordering::Relaxed)
            .is_err()
        {
            self.wait_for(WRITE);
        }
    }

    #[inline]
    pub(crate) fn try_write(&self) -> bool {
        acquires();
        self.try_acquire(WRITE)
    }

    /// Releases the lock, which the caller holds as a reader.
    #[inline]
    pub(crate) fn unlock_read(&self) {
        // Release: the next writer sees what this reader did.
        let before = self.state.fetch_sub(1, Ordering::Release);
        if before & (HOLDERS | QUEUED) == 1 | QUEUED {
            self.unlock_last_read();
        }
    }

    /// Releases the lock, which the caller holds as a writer.
    #[inline]
    pub(crate) fn unlock_write(&self) {
        // Release: the next holder sees what this writer did.
        if self
            .state
            .compare_exchange(WRITER, 0, Ordering::Release, Ordering::Relaxed)
            .is_err()
        {
            self.unlock_write_queued();
        }
    }

    /// Downgrades the caller from a writer to a reader, and admits the readers at the front of the queue.
    #[inline]
    pub(crate) fn downgrade(&self) {
        // Release: as in `unlock_write`.
        if self
            .state
            .compare_exchange(WRITER, 1, Ordering::Release, Ordering::Relaxed)
            .is_err()
        {
            self.downgrade_queued();
        }
    }

    #[track_caller]
    fn try_acquire(&self, want: Want) -> bool {
        let mut state = guess(&self.state);
        while can_acquire(state, want) {
            let acquired = if want == WRITE {
                state | WRITER
            } else {
                let readers = state & HOLDERS;
                assert!(
                    readers < MOST_READERS,
                    "too many active read locks on RwLock"
                );
                state + 1
            };
            match self.state.compare_exchange_weak(
                state,
                acquired,
                Ordering::Acquire,
                Ordering::Relaxed,
            ) {
                Ok(_) => return true,
                Err(now) => state = now,
            }
        }
        false
    }

    #[cold]
    #[track_caller]
    fn wait_for(&self, want: Want) {
        if !self.acquire(want, wait_lock) {
            interruption::unwind();
        }
    }

    /// Acquires the lock; blocks by `block` while other threads hold it. Returns false if that was interrupted.
    #[track_caller]
    pub(super) fn acquire(&self, want: Want, block: impl Fn(&Wait<'_>) -> Outcome) -> bool {
        let gate = Acquiring {
            state: &self.state,
            want,
        };
        let waiter = Waiter::new(self.address(), want, gate);
        while !self.try_acquire(want) {
            match block(&Wait::new(&waiter, None).located().interruptible()) {
                Outcome::Woken if waiter.verdict() == Verdict::HANDED => return true,
                Outcome::Interrupted => {
                    self.admit_readers();
                    return false;
                }
                _ => {}
            }
        }
        true
    }

    /// Hands the lock to the readers at the front of the queue if readers hold it. Called when a waiter has left the queue, behind
    /// which they may have waited.
    fn admit_readers(&self) {
        parking_lot::with_queue(self.address(), |queue| {
            let count = queue.iter().take_while(|node| node.want == READ).count();
            if count == 0 && !queue.is_empty() {
                return;
            }
            let mut state = guess(&self.state);
            loop {
                let readers = state & HOLDERS;
                // A writer, or the last reader, which is about to, passes the lock on itself.
                if state & QUEUED == 0 || readers == 0 || readers == WRITER {
                    return;
                }
                // Acquire: the readers that are handed the lock see what the last writer did. Release: as in
                // `hand_to_readers`.
                match self.state.compare_exchange_weak(
                    state,
                    (readers + count as u32) | marks(queue, count),
                    Ordering::AcqRel,
                    Ordering::Relaxed,
                ) {
                    Ok(_) => break,
                    Err(now) => state = now,
                }
            }
            for _ in 0..count {
                queue.wake(Verdict::HANDED);
            }
        });
    }

    #[cold]
    fn unlock_last_read(&self) {
        parking_lot::with_queue(self.address(), |queue| {
            let mut state = guess(&self.state);
            loop {
                // If another thread has acquired the lock in the meantime, it will pass it on, or has already done so.
                if state & HOLDERS != 0 || state & QUEUED == 0 {
                    return;
                }
                // The lock is acquired as a writer, so that no other thread can acquire it. Acquire: the next holder sees
                // what all readers did.
                match self.state.compare_exchange_weak(
                    state,
                    state | WRITER,
                    Ordering::Acquire,
                    Ordering::Relaxed,
                ) {
                    Ok(_) => return self.pass_on(queue),
                    Err(now) => state = now,
                }
            }
        });
    }

    #[cold]
    fn unlock_write_queued(&self) {
        parking_lot::with_queue(self.address(), |queue| self.pass_on(queue));
    }

    #[cold]
    fn downgrade_queued(&self) {
        parking_lot::with_queue(self.address(), |queue| self.hand_to_readers(queue, 1));
    }

    /// Passes the lock on to the longest waiter. The caller holds it as a writer, and the lock of the queue, so no other
    /// thread changes the state, and a store is enough.
    fn pass_on(&self, queue: &mut Queue<'_>) {
        let Some(front) = queue.front() else {
            self.state.store(0, Ordering::Release);
            return;
        };
        if front.want == READ {
            self.hand_to_readers(queue, 0);
        } else if front.impatient() {
            // Relaxed: the verdict's release is what the writer acquires.
            self.state
                .store(WRITER | marks(queue, 1), Ordering::Relaxed);
            queue.wake(Verdict::HANDED);
        } else {
            // Not reserved, or the woken writer could not acquire it.
            self.state
                .store(marks(queue, 1) & !RESERVED, Ordering::Release);
            queue.wake(Verdict::WOKEN);
        }
    }

    /// Hands the lock, which the caller holds as a writer, to the readers at the front of the queue, in addition to `others`
    /// readers.
    fn hand_to_readers(&self, queue: &mut Queue<'_>, others: u32) {
        let count = queue.iter().take_while(|node| node.want == READ).count();
        // The count is stored first: a reader that is handed the lock may release it at once.
        let readers = others + count as u32;
        // Release: readers that acquire the lock themselves see what this writer did.
        self.state
            .store(readers | marks(queue, count), Ordering::Release);
        for _ in 0..count {
            queue.wake(Verdict::HANDED);
        }
    }

    fn address(&self) -> Address {
        Address::of(&self.state)
    }
}

/// Returns whether a thread may acquire the lock without a hand-off.
fn can_acquire(state: u32, want: Want) -> bool {
    let free = state & HOLDERS == 0;
    let open = state & HOLDERS != WRITER && state & QUEUED == 0;
    state & RESERVED == 0 && (free || want == READ && open)
}

/// Returns the bits for the waiters that remain in the queue after the first `skip`.
fn marks(queue: &Queue<'_>, skip: usize) -> u32 {
    match queue.iter().nth(skip) {
        None => 0,
        Some(node) if node.impatient() => QUEUED | RESERVED,
        Some(_) => QUEUED,
    }
}

/// A thread that waits for the lock.
struct Acquiring<'a> {
    state: &'a AtomicU32,
    want: Want,
}

impl Gate for Acquiring<'_> {
    fn spin(&self) -> Spin {
        let state = self.state.load(Ordering::Relaxed);
        if can_acquire(state, self.want) {
            Spin::Free
        } else if state & QUEUED == 0 {
            Spin::Again
        } else {
            Spin::Stop
        }
    }

    fn validate(&self, impatient: bool) -> bool {
        let marks = if impatient { QUEUED | RESERVED } else { QUEUED };
        let mut state = guess(self.state);
        while !can_acquire(state, self.want) {
            // Relaxed: nothing is published; the queue's lock orders it against the thread that passes the lock on.
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
        let kind = if self.want == WRITE {
            Kind::Write
        } else {
            Kind::Read
        };
        // The word has no bits to spare for its writer: the number of readers goes as far as std's.
        Reason::new(kind, self.state)
    }
}
