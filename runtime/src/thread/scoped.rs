//! Scoped threads, which borrow from the function that spawns them.
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
use crate::interruption;
use crate::wait::payload::is_of_an_interrupt;

/// A scope to spawn threads in, native or green, that borrow data which outlives it.
pub struct Scope<'scope, 'env: 'scope> {
    pub(super) data: Arc<ScopeData>,
    // As in std: invariance over both lifetimes, so that neither can be extended or shortened.
    scope: PhantomData<&'scope mut &'scope ()>,
    env: PhantomData<&'env mut &'env ()>,
}

/// A handle that joins a scoped thread. The scope joins all threads that are not joined through their handles.
pub struct ScopedJoinHandle<'scope, T> {
    joined: Joined<T>,
    scope: PhantomData<&'scope ()>,
}

/// Creates a scope for spawning scoped threads, calls `f` with it, and returns when all of its threads have finished.
///
/// If the current thread is cancelled, or a time-out around this call elapses, all threads of the scope are cancelled. Then,
/// too, they have finished before the scope is left.
///
/// # Panics
///
/// If `f` panics, resumes that panic after all threads have finished. Otherwise panics if a thread panicked that was not
/// joined through its handle.
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
    let mut is_interrupted = false;
    if let Err(payload) = &result {
        interruption::caught();
        is_interrupted = is_of_an_interrupt(&**payload);
    }
    is_interrupted = scope.data.wait(is_interrupted);
    match result {
        Err(payload) => interruption::resume(payload),
        Ok(_) if is_interrupted => interruption::unwind(),
        Ok(_) if scope.data.panicked.load(Ordering::Relaxed) => {
            panic!("a scoped thread panicked");
        }
        Ok(result) => result,
    }
}

impl<'scope, 'env> Scope<'scope, 'env> {
    /// Spawns a thread within the scope, and returns its [`ScopedJoinHandle`].
    ///
    /// # Panics
    ///
    /// Panics if the OS fails to create a thread, see [`spawn()`](super::spawn()).
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
    /// Spawns the thread within `scope`, and returns its [`ScopedJoinHandle`].
    ///
    /// # Errors
    ///
    /// See [`spawn`](Builder::spawn).
    ///
    /// # Panics
    ///
    /// See [`spawn`](Builder::spawn).
    #[track_caller]
    pub fn spawn_scoped<'scope, 'env, F, T>(
        self,
        scope: &'scope Scope<'scope, 'env>,
        f: F,
    ) -> io::Result<ScopedJoinHandle<'scope, T>>
    where
        F: FnOnce() -> T + Send + 'scope,
        T: Send + 'scope,
    {
        // SAFETY: the scope ends only after the thread's closure has run and its packet has been emptied.
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

    /// Returns a handle to the underlying thread.
    #[must_use]
    pub fn thread(&self) -> &Thread {
        self.joined.thread()
    }

    /// Waits for the thread to finish and returns its result.
    ///
    /// # Errors
    ///
    /// Returns the payload of the panic if the thread panicked.
    #[track_caller]
    pub fn join(self) -> Result<T> {
        self.joined.join()
    }

    /// Cancels the thread, see [`Cancel`](crate::Cancel).
    pub(crate) fn cancel(&self) -> bool {
        self.joined.cancel()
    }

    /// Returns whether the thread has finished running.
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
