//! Spawning a thread, and yielding.

use super::{Builder, JoinHandle};
use crate::seam::thread as seam;

/// Spawns a new thread, a native one, or a green one once patched, and returns its [`JoinHandle`].
///
/// A green thread shares its OS thread with other green threads and never moves to another.
///
/// # Panics
///
/// Panics if the OS fails to create a thread, or to allocate a stack. [`Builder::spawn`] returns the error instead.
///
/// # Examples
///
/// ```
/// use greenpatch::thread;
///
/// let answer = thread::spawn(|| 6 * 7);
/// assert_eq!(answer.join().unwrap(), 42);
/// ```
#[track_caller]
pub fn spawn<F, T>(f: F) -> JoinHandle<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    Builder::new().spawn(f).expect("failed to spawn thread")
}

/// Yields to other threads: to native ones, or once patched to the green threads of this OS thread.
///
/// # Examples
///
/// ```
/// greenpatch::thread::yield_now();
/// ```
pub fn yield_now() {
    seam::yield_now();
}
