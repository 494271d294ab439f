//! `spawn` and `yield_now`.

use super::{Builder, JoinHandle};
use crate::seam::thread as seam;

/// Starts a thread: a native one, or a green one once patched.
///
/// A green thread shares its OS thread with others and never leaves it.
///
/// # Panics
///
/// Panics if the OS cannot start a thread, or has no memory for a stack;
/// [`Builder::spawn`] returns the error instead.
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

/// Lets other threads run: native ones, or the green ones of this OS thread once patched.
///
/// # Examples
///
/// ```
/// greenpatch::thread::yield_now();
/// ```
pub fn yield_now() {
    seam::yield_now();
}
