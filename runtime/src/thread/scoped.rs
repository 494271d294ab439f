//! `scope`: threads that borrow from the function that starts them.
#![allow(unsafe_code)]

use std::fmt;
use std::io;
use std::marker::PhantomData;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::join_handle::Joined;
use super::scope_data::ScopeData;
use super::{Builder, Result, Thread};
use crate::seam::unwind;

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
        data: Arc::new(ScopeData::new()),
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

impl Builder {
    /// Starts a thread that borrows from `scope`'s surroundings.
    ///
    /// # Errors
    ///
    /// As [`spawn`](Builder::spawn).
    ///
    /// # Panics
    ///
    /// As [`spawn`](Builder::spawn).
    pub fn spawn_scoped<'scope, 'env, F, T>(
        self,
        scope: &'scope Scope<'scope, 'env>,
        f: F,
    ) -> io::Result<ScopedJoinHandle<'scope, T>>
    where
        F: FnOnce() -> T + Send + 'scope,
        T: Send + 'scope,
    {
        // SAFETY: the scope does not end before the thread's packet is emptied, after its closure.
        unsafe { self.start(f, Some(scope.data.clone())) }.map(ScopedJoinHandle::new)
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
