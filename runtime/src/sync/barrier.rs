//! [`Barrier`], and what its wait returns.

use ::std::fmt;
use ::std::sync::PoisonError;

use super::condvar::Condvar;
use super::mutex::Mutex;
use crate::wait::atomic::const_unless_loom;

/// Lets a number of threads wait for each other.
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
    /// How many wait.
    count: usize,
    /// How often the barrier has been passed: waiters wait for this to change.
    round: usize,
}

impl Barrier {
    const_unless_loom! {
        /// Makes a barrier that lets threads through by `n` at a time.
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

    /// Blocks until as many threads have come as the barrier is for. The one that came last is told
    /// that it leads. The barrier may be used again then.
    pub fn wait(&self) -> BarrierWaitResult {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.count += 1;
        let leads = state.count >= self.size;
        if leads {
            state.count = 0;
            state.round = state.round.wrapping_add(1);
            drop(state);
            self.passed.notify_all();
        } else {
            let round = state.round;
            let passed = self.passed.wait_while(state, |state| state.round == round);
            drop(passed);
        }
        BarrierWaitResult(leads)
    }
}

impl fmt::Debug for Barrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Barrier").finish_non_exhaustive()
    }
}

/// Whether the thread leads that has waited at a [`Barrier`].
///
/// # Differences from std
///
/// A type of its own, of the same shape: std's cannot be made outside of std.
pub struct BarrierWaitResult(bool);

impl BarrierWaitResult {
    /// Whether this thread leads: of those that pass together one does.
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
