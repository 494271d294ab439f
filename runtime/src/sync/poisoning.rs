//! Poisoning of locks by threads that panic while they hold them.

use ::std::sync::{LockResult, PoisonError, TryLockError, TryLockResult};

use crate::interruption;
use crate::seam::busy::busy;
use crate::seam::unwind;
use crate::wait::atomic::{AtomicBool, Ordering, const_unless_loom};

/// The poison flag of a lock.
///
/// All accesses are relaxed: the lock itself orders the accesses of its holders.
pub(super) struct Flag(AtomicBool);

/// Whether the thread was already panicking when it acquired the lock. Part of a guard.
pub(super) struct Panicking(bool);

impl Flag {
    const_unless_loom! {
        #[inline]
        pub(super) fn new() -> Flag {
            Flag(AtomicBool::new(false))
        }
    }

    /// Called when the lock has been acquired.
    #[inline]
    pub(super) fn enter(&self) -> Panicking {
        Panicking(unwind::is_panicking())
    }

    /// Called when the lock is about to be released. Sets the flag if a panic has begun since [`enter`](Flag::enter). The
    /// unwinding of a thread that was cancelled, or of a time-out, is not one.
    #[inline]
    pub(super) fn leave(&self, before: &Panicking) {
        if !before.0 && interruption::poisons() {
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

    /// Returns the data, in an error if the lock is poisoned.
    #[inline]
    pub(super) fn result<T>(&self, data: T) -> LockResult<T> {
        if self.is_set() {
            Err(PoisonError::new(data))
        } else {
            Ok(data)
        }
    }

    /// Returns the guard as [`result`](Flag::result) does, or [`TryLockError::WouldBlock`] if there is none.
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
