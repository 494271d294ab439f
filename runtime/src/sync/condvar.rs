//! [`Condvar`], and the result of its timed waits.

use ::std::fmt;
use ::std::sync::{LockResult, PoisonError};
use ::std::time::{Duration, Instant};

use super::mutex::MutexGuard;
use super::raw_mutex::RawMutex;
use crate::interruption;
use crate::seam::sync::wait_signal;
use crate::wait::atomic::{AtomicU32, Ordering, const_unless_loom};
use crate::wait::park::{Outcome, Wait};
use crate::wait::parking_lot::{self, Address, Gate, Waiter};
use crate::wait::queue::Verdict;
use crate::wait::reason::{Kind, Reason};

/// No thread waits.
const IDLE: u32 = 0;
/// Threads wait at this address. Changes only under the lock of the queue.
const QUEUED: u32 = 1;

/// A condition variable, which blocks threads until another thread notifies them.
///
/// A wait releases a mutex, and acquires it again before it returns. A thread is notified by
/// [`notify_one`](Condvar::notify_one) or [`notify_all`](Condvar::notify_all). By the time it resumes, the condition may be
/// false again, so wait in a loop or with [`wait_while`](Condvar::wait_while).
///
/// # Differences from std
///
/// `notify_one` wakes the thread that has waited longest. Threads that wait at the same time may use
/// different mutexes.
///
/// # Examples
///
/// ```
/// use greenpatch::sync::{Condvar, Mutex};
/// use greenpatch::thread;
///
/// let (ready, changed) = (Mutex::new(false), Condvar::new());
/// thread::scope(|s| {
///     s.spawn(|| {
///         *ready.lock().unwrap() = true;
///         changed.notify_one();
///     });
///     let guard = changed.wait_while(ready.lock().unwrap(), |ready| !*ready);
///     assert!(*guard.unwrap());
/// });
/// ```
pub struct Condvar {
    state: AtomicU32,
}

impl Condvar {
    const_unless_loom! {
        /// Creates a new condition variable.
        #[inline]
        pub fn new() -> Condvar {
            Condvar {
                state: AtomicU32::new(IDLE),
            }
        }
    }

    /// Releases the guard's mutex, blocks the current thread until it is notified, and acquires the mutex again.
    ///
    /// # Errors
    ///
    /// Returns an error if the mutex is poisoned when it is acquired again. The error contains the guard.
    ///
    /// # Differences from std
    ///
    /// There are no spurious wakeups. Code that also runs on std must not rely on that.
    #[track_caller]
    pub fn wait<'a, T>(&self, guard: MutexGuard<'a, T>) -> LockResult<MutexGuard<'a, T>> {
        self.wait_until(guard.raw(), None, Kind::Condvar)
            .or_unwind();
        guard.poison().result(guard)
    }

    /// Blocks the current thread until `condition` is false.
    ///
    /// # Errors
    ///
    /// Returns an error if the mutex is poisoned when it is acquired again. The error contains the guard.
    #[track_caller]
    pub fn wait_while<'a, T, F>(
        &self,
        mut guard: MutexGuard<'a, T>,
        mut condition: F,
    ) -> LockResult<MutexGuard<'a, T>>
    where
        F: FnMut(&mut T) -> bool,
    {
        while condition(&mut *guard) {
            guard = self.wait(guard)?;
        }
        Ok(guard)
    }

    /// Blocks like [`wait`](Condvar::wait), for at most `ms` milliseconds. The result contains false if that time has
    /// elapsed.
    ///
    /// # Errors
    ///
    /// Returns an error if the mutex is poisoned when it is acquired again. The error contains the guard.
    #[deprecated(since = "1.6.0", note = "replaced by `Condvar::wait_timeout`")]
    #[track_caller]
    pub fn wait_timeout_ms<'a, T>(
        &self,
        guard: MutexGuard<'a, T>,
        ms: u32,
    ) -> LockResult<(MutexGuard<'a, T>, bool)> {
        match self.wait_timeout(guard, Duration::from_millis(ms.into())) {
            Ok((guard, result)) => Ok((guard, !result.timed_out())),
            Err(error) => {
                let (guard, result) = error.into_inner();
                Err(PoisonError::new((guard, !result.timed_out())))
            }
        }
    }

    /// Blocks like [`wait`](Condvar::wait), but for no longer than `dur`. The mutex is always acquired again, however long
    /// that takes.
    ///
    /// # Errors
    ///
    /// Returns an error if the mutex is poisoned when it is acquired again. The error contains the guard and the result.
    ///
    /// # Differences from std
    ///
    /// There are no spurious wakeups. Code that also runs on std must not rely on that.
    ///
    /// # Examples
    ///
    /// ```
    /// use greenpatch::sync::{Condvar, Mutex};
    /// use std::time::Duration;
    ///
    /// let (mutex, condvar) = (Mutex::new(()), Condvar::new());
    /// let guard = mutex.lock().unwrap();
    /// let (_guard, result) = condvar.wait_timeout(guard, Duration::from_millis(1)).unwrap();
    /// assert!(result.timed_out());
    /// ```
    #[track_caller]
    pub fn wait_timeout<'a, T>(
        &self,
        guard: MutexGuard<'a, T>,
        dur: Duration,
    ) -> LockResult<(MutexGuard<'a, T>, WaitTimeoutResult)> {
        // A deadline that an `Instant` cannot represent is never reached.
        let deadline = Instant::now().checked_add(dur);
        let ended = self.wait_until(guard.raw(), deadline, Kind::Condvar);
        let timed_out = ended.or_unwind() == Outcome::TimedOut;
        guard.poison().result((guard, WaitTimeoutResult(timed_out)))
    }

    /// Blocks the current thread until `condition` is false, but for no longer than `dur`. The result is a time-out if `dur`
    /// has elapsed and the condition is still true.
    ///
    /// # Errors
    ///
    /// Returns an error if the mutex is poisoned when it is acquired again. The error contains the guard and the result.
    #[track_caller]
    pub fn wait_timeout_while<'a, T, F>(
        &self,
        mut guard: MutexGuard<'a, T>,
        dur: Duration,
        mut condition: F,
    ) -> LockResult<(MutexGuard<'a, T>, WaitTimeoutResult)>
    where
        F: FnMut(&mut T) -> bool,
    {
        let start = Instant::now();
        loop {
            if !condition(&mut *guard) {
                return Ok((guard, WaitTimeoutResult(false)));
            }
            let Some(left) = dur.checked_sub(start.elapsed()) else {
                return Ok((guard, WaitTimeoutResult(true)));
            };
            guard = self.wait_timeout(guard, left)?.0;
        }
    }

    /// Wakes the thread that has waited longest, if there is one.
    #[inline]
    pub fn notify_one(&self) {
        // Relaxed: a thread that is to be woken has set `QUEUED` before it released the mutex under which the condition was
        // changed, by the caller or by a thread that it has synchronized with.
        if self.state.load(Ordering::Relaxed) == QUEUED {
            self.notify(false);
        }
    }

    /// Wakes all waiting threads.
    #[inline]
    pub fn notify_all(&self) {
        // Relaxed: as in `notify_one`.
        if self.state.load(Ordering::Relaxed) == QUEUED {
            self.notify(true);
        }
    }

    #[cold]
    fn notify(&self, all: bool) {
        parking_lot::with_queue(self.address(), |queue| {
            if all {
                queue.wake_all();
            } else {
                queue.wake(Verdict::WOKEN);
            }
            if queue.is_empty() {
                // Relaxed: the state changes only here and in `Waiting`, under the queue's lock.
                self.state.store(IDLE, Ordering::Relaxed);
            }
        });
    }

    /// Waits with the mutex released. However the wait has ended, the mutex is acquired again.
    #[track_caller]
    pub(super) fn wait_until(
        &self,
        mutex: &RawMutex,
        deadline: Option<Instant>,
        kind: Kind,
    ) -> Ended {
        let waiter = Waiter::new(
            self.address(),
            0,
            Waiting {
                state: &self.state,
                mutex,
                kind,
            },
        );
        let outcome = wait_signal(&Wait::new(&waiter, deadline).located().interruptible());
        mutex.lock_again();
        Ended(outcome)
    }

    fn address(&self) -> Address {
        Address::of(&self.state)
    }
}

impl fmt::Debug for Condvar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Condvar").finish_non_exhaustive()
    }
}

impl Default for Condvar {
    fn default() -> Condvar {
        Condvar::new()
    }
}

/// How a wait has ended, after which the mutex is held again.
#[must_use = "the thread unwinds if the wait was interrupted"]
pub(super) struct Ended(Outcome);

impl Ended {
    /// Returns whether the wait was interrupted, so that the thread has to unwind.
    #[inline]
    pub(super) fn is_interrupted(&self) -> bool {
        self.0 == Outcome::Interrupted
    }

    /// Returns how the wait has ended, or unwinds if it was interrupted.
    #[inline]
    fn or_unwind(self) -> Outcome {
        if self.is_interrupted() {
            interruption::unwind();
        }
        self.0
    }
}

/// A thread that waits for a notification. It holds the mutex until it is in the queue.
struct Waiting<'a> {
    state: &'a AtomicU32,
    mutex: &'a RawMutex,
    kind: Kind,
}

impl Gate for Waiting<'_> {
    fn validate(&self, _impatient: bool) -> bool {
        self.state.store(QUEUED, Ordering::Relaxed);
        true
    }

    fn before_sleep(&self) {
        self.mutex.unlock();
    }

    fn timed_out(&self, empty: bool) {
        if empty {
            self.state.store(IDLE, Ordering::Relaxed);
        }
    }

    fn reason(&self) -> Reason {
        Reason::new(self.kind, self.state)
    }
}

/// The result of a timed wait on a [`Condvar`]: whether it timed out.
///
/// # Differences from std
///
/// A separate type with the same API: std's cannot be created outside of std.
#[derive(Debug, PartialEq, Eq, Copy, Clone)]
pub struct WaitTimeoutResult(bool);

impl WaitTimeoutResult {
    /// Returns whether the wait timed out.
    #[must_use]
    pub fn timed_out(&self) -> bool {
        self.0
    }
}
