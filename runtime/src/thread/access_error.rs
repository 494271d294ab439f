//! `AccessError`.

use std::error::Error;
use std::fmt;

/// The value of a thread-local was asked for while or after it was destroyed.
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

/// Panics as std does.
#[cold]
#[track_caller]
pub(super) fn panic_access_error() -> ! {
    panic!(
        "cannot access a Thread Local Storage value during or after destruction: {AccessError:?}"
    )
}
