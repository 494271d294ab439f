//! [`Barrier`], and the result of its wait.

use ::std::fmt;
use ::std::sync::PoisonError;

use super::condvar::Condvar;
use super::mutex::Mutex;
use crate::interruption;
use crate::wait::atomic::const_unless_loom;
use crate::wait::reason::Kind;

/// A barrier, which enables a number of threads to wait for each other.
///
/// # Examples
///
/// ```
/// use greenpatch::sync::Barrier;
/// use greenpatch::thread;
///
/// let barrier = Barrier::new(2);
/// let leaders = thread::scope(|s| {
///     let other = s.spawn(|| barrier.wait().is_leader());
///     [barrier.wait().is_leader(), other.join().unwrap()]
/// });
/// assert_ne!(leaders[0], leaders[1]);
/// ```
pub struct Barrier {
    state: Mutex<State>,
    passed: Condvar,
    size: usize,
}

struct State {
    /// The number of waiting threads.
    count: usize,
    /// The number of times that the threads have passed the barrier. Waiters wait until it changes.
    round: usize,
}

impl Barrier {
    const_unless_loom! {
        /// Creates a new barrier for `n` threads.
        #[inline]
        #[must_use]
        pub fn new(n: usize) -> Barrier {
            Barrier {
                state: Mutex::new(State { count: 0, round: 0 }),
                passed: Condvar::new(),
                size: n,
            }
        }
    }

    /// Blocks until all threads of the barrier have called this. The last of them is the leader. The barrier can be used
    /// again afterwards.
    #[track_caller]
    pub fn wait(&self) -> BarrierWaitResult {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.count += 1;
        let is_leader = state.count >= self.size;
        if is_leader {
            state.count = 0;
            state.round = state.round.wrapping_add(1);
            drop(state);
            self.passed.notify_all();
        } else {
            let round = state.round;
            loop {
                // Other threads change the round while this one waits, which releases the mutex.
                let ended = self.passed.wait_until(state.raw(), None, Kind::Barrier);
                if state.round != round {
                    break;
                }
                if ended.is_interrupted() {
                    // It has not arrived, as far as the others are concerned.
                    state.count -= 1;
                    interruption::unwind();
                }
            }
        }
        BarrierWaitResult(is_leader)
    }
}

impl fmt::Debug for Barrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Barrier").finish_non_exhaustive()
    }
}

/// The result of [`Barrier::wait`]: whether the thread is the leader.
///
/// # Differences from std
///
/// A separate type with the same API: std's cannot be created outside of std.
pub struct BarrierWaitResult(bool);

impl BarrierWaitResult {
    /// Returns whether this thread is the leader. Exactly one of the threads that pass the barrier together is.
    #[must_use]
    pub fn is_leader(&self) -> bool {
        self.0
    }
}

impl fmt::Debug for BarrierWaitResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BarrierWaitResult")
            .field("is_leader", &self.is_leader())
            .finish()
    }
}
