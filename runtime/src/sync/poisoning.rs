//! Poisoning: whether a thread panicked while it held a lock.

use ::std::sync::{LockResult, PoisonError, TryLockError, TryLockResult};

use crate::seam::busy::busy;
use crate::seam::unwind;
use crate::wait::atomic::{AtomicBool, Ordering, const_unless_loom};

/// The mark that a panic leaves on a lock.
///
/// Relaxed throughout: the lock itself orders what its holders do.
pub(super) struct Flag(AtomicBool);

/// What a guard remembers: whether the thread was panicking already when it locked.
pub(super) struct Panicking(bool);

impl Flag {
    const_unless_loom! {
        #[inline]
        pub(super) fn new() -> Flag {
            Flag(AtomicBool::new(false))
        }
    }

    /// Called when the lock has been taken.
    #[inline]
    pub(super) fn enter(&self) -> Panicking {
        Panicking(unwind::is_panicking())
    }

    /// Called when the lock is about to be let go: a panic that began in between marks it.
    #[inline]
    pub(super) fn leave(&self, before: &Panicking) {
        if !before.0 && unwind::is_panicking() {
            self.0.store(true, Ordering::Relaxed);
        }
    }

    #[inline]
    pub(super) fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    #[inline]
    pub(super) fn clear(&self) {
        self.0.store(false, Ordering::Relaxed);
    }

    /// The data, or the data as an error if the lock is poisoned.
    #[inline]
    pub(super) fn result<T>(&self, data: T) -> LockResult<T> {
        if self.is_set() {
            Err(PoisonError::new(data))
        } else {
            Ok(data)
        }
    }

    /// The guard of a lock that may be held by another thread.
    #[inline]
    pub(super) fn try_result<T>(&self, guard: Option<T>) -> TryLockResult<T> {
        match guard {
            Some(guard) => self.result(guard).map_err(TryLockError::Poisoned),
            None => {
                busy();
                Err(TryLockError::WouldBlock)
            }
        }
    }
}
