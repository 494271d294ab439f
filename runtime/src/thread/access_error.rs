//! The error of a thread-local value that has been destroyed.

use std::error::Error;
use std::fmt;

/// An error returned by [`LocalKey::try_with`](super::LocalKey::try_with): the value is being destroyed, or has been.
///
/// # Differences from std
///
/// It is not the type `std::thread::AccessError`, which only std can create.
///
/// # Examples
///
/// ```
/// greenpatch::thread_local!(static N: u8 = 1);
/// let n: Result<u8, greenpatch::thread::AccessError> = N.try_with(|n| *n);
/// assert_eq!(n.unwrap(), 1);
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct AccessError;

impl fmt::Debug for AccessError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessError").finish()
    }
}

impl fmt::Display for AccessError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("already destroyed")
    }
}

impl Error for AccessError {}

/// Panics with std's message.
#[cold]
#[track_caller]
pub(super) fn panic_access_error() -> ! {
    panic!(
        "cannot access a Thread Local Storage value during or after destruction: {AccessError:?}"
    )
}
