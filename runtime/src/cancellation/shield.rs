//! [`shield`].
#![forbid(unsafe_code)]

use crate::interruption;

/// Calls `f`, during which neither a cancellation of the current thread nor a time-out around this call is delivered.
///
/// They are delivered by the first wait after it. A [`timeout`](crate::timeout) within `f` works as usual. Threads that
/// `f` spawns are not shielded.
///
/// Code that must not be left half way, but waits, needs this. So does code that C calls back and that waits: unwinding
/// into a frame of C aborts the process.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// use greenpatch::{shield, thread, timeout};
///
/// greenpatch::patch_thread().unwrap();
/// let mut steps = 0;
/// let done = timeout(Duration::from_millis(1), || {
///     shield(|| {
///         steps += 1;
///         thread::sleep(Duration::from_millis(5));
///         steps += 1;
///     });
///     thread::park();
/// });
/// assert!(done.is_err());
/// assert_eq!(steps, 2);
/// ```
pub fn shield<T>(f: impl FnOnce() -> T) -> T {
    interruption::shield(f)
}
