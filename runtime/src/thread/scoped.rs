//! `scope`: threads that borrow from the function that starts them.

use std::fmt;
use std::marker::PhantomData;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::join_handle::Joined;
use super::{Builder, Result, Thread};
use crate::seam::thread as seam;
use crate::seam::unwind;
use crate::wait::wait_while::{wait_while, wake_all};

/// A scope in which threads, native or green, can borrow what outlives it.
pub struct Scope<'scope, 'env: 'scope> {
    pub(super) data: Arc<ScopeData>,
    // As in std: invariance in both, so that neither can be made to outlive what it stands for.
    scope: PhantomData<&'scope mut &'scope ()>,
    env: PhantomData<&'env mut &'env ()>,
}

/// A handle that joins a scoped thread. The scope joins what was not joined by hand.
pub struct ScopedJoinHandle<'scope, T> {
    joined: Joined<T>,
    scope: PhantomData<&'scope ()>,
}

/// How many threads of a scope still run, and whether a panic of one went unseen.
#[derive(Debug)]
pub(super) struct ScopeData {
    running: AtomicUsize,
    panicked: AtomicBool,
}

impl ScopeData {
    pub(super) fn thread_starts(&self) {
        self.running.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn thread_ended(&self, panicked: bool) {
        if panicked {
            self.panicked.store(true, Ordering::Relaxed);
        }
        // Release, so that `wait`, which loads with acquire, sees all that the thread has done.
        if self.running.fetch_sub(1, Ordering::Release) == 1 {
            wake_all(&self.running);
        }
    }

    fn wait(&self) {
        wait_while(seam::join, &self.running, None, || {
            self.running.load(Ordering::Acquire) != 0
        });
    }
}

/// Calls `f` with a scope, and returns when all threads that were started in it have ended.
///
/// # Panics
///
/// Panics with `f`'s panic, if it has one, after all threads have ended. Panics if a thread panicked
/// that was not joined by hand.
///
/// # Examples
///
/// ```
/// use greenpatch::thread;
///
/// let mut numbers = vec![1, 2, 3];
/// let sum: i32 = thread::scope(|s| {
///     let sum = s.spawn(|| numbers.iter().sum());
///     sum.join().unwrap()
/// });
/// numbers.push(sum);
/// assert_eq!(numbers, [1, 2, 3, 6]);
/// ```
#[track_caller]
pub fn scope<'env, F, T>(f: F) -> T
where
    F: for<'scope> FnOnce(&'scope Scope<'scope, 'env>) -> T,
{
    let scope = Scope {
        data: Arc::new(ScopeData {
            running: AtomicUsize::new(0),
            panicked: AtomicBool::new(false),
        }),
        scope: PhantomData,
        env: PhantomData,
    };
    let result = panic::catch_unwind(AssertUnwindSafe(|| f(&scope)));
    if result.is_err() {
        unwind::caught();
    }
    scope.data.wait();
    match result {
        Err(payload) => {
            unwind::panicked();
            panic::resume_unwind(payload)
        }
        Ok(_) if scope.data.panicked.load(Ordering::Relaxed) => {
            panic!("a scoped thread panicked");
        }
        Ok(result) => result,
    }
}

impl<'scope, 'env> Scope<'scope, 'env> {
    /// Starts a thread in this scope.
    ///
    /// # Panics
    ///
    /// Panics as [`spawn()`](super::spawn()) does.
    #[track_caller]
    pub fn spawn<F, T>(&'scope self, f: F) -> ScopedJoinHandle<'scope, T>
    where
        F: FnOnce() -> T + Send + 'scope,
        T: Send + 'scope,
    {
        Builder::new()
            .spawn_scoped(self, f)
            .expect("failed to spawn thread")
    }
}

impl<'scope, T> ScopedJoinHandle<'scope, T> {
    pub(super) fn new(joined: Joined<T>) -> Self {
        ScopedJoinHandle {
            joined,
            scope: PhantomData,
        }
    }

    /// Returns the handle to the thread.
    #[must_use]
    pub fn thread(&self) -> &Thread {
        self.joined.thread()
    }

    /// Waits for the thread to end and returns its result; if it panicked, the panic's payload.
    ///
    /// # Errors
    ///
    /// The payload of the panic that ended the thread.
    pub fn join(self) -> Result<T> {
        self.joined.join()
    }

    /// Says whether the thread has run to its end.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.joined.is_finished()
    }
}

impl fmt::Debug for Scope<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope")
            .field(
                "num_running_threads",
                &self.data.running.load(Ordering::Relaxed),
            )
            .field(
                "a_thread_panicked",
                &self.data.panicked.load(Ordering::Relaxed),
            )
            .finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for ScopedJoinHandle<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScopedJoinHandle").finish_non_exhaustive()
    }
}
