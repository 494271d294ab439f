//! The payloads of the unwinding by which a wait ends early.
#![forbid(unsafe_code)]

use ::std::any::Any;
use ::std::error::Error;
use ::std::fmt;
use ::std::num::NonZeroU64;

/// The payload with which a thread unwinds that was cancelled by [`Cancel::cancel`].
///
/// `join` returns it as the error of the thread, and `catch_unwind` as that of the closure.
///
/// # Examples
///
/// ```
/// use greenpatch::{Cancel, Cancelled, thread};
///
/// greenpatch::patch_thread().unwrap();
/// let sleeper = thread::spawn(thread::park);
/// assert!(sleeper.cancel());
/// assert!(sleeper.join().unwrap_err().is::<Cancelled>());
/// ```
///
/// [`Cancel::cancel`]: crate::Cancel::cancel
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Cancelled;

/// The payload with which a thread unwinds to the [`timeout`](crate::timeout) whose time has elapsed.
///
/// That call catches it. Code in between that catches panics can tell it from these, and should resume the unwinding.
///
/// # Examples
///
/// ```
/// use std::panic::{catch_unwind, resume_unwind};
/// use std::time::Duration;
///
/// use greenpatch::{Elapsed, thread, timeout};
///
/// greenpatch::patch_thread().unwrap();
/// let waited = timeout(Duration::from_millis(1), || {
///     let payload = catch_unwind(thread::park).unwrap_err();
///     assert!(payload.is::<Elapsed>());
///     resume_unwind(payload)
/// });
/// assert!(waited.unwrap_err().is_elapsed());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Elapsed {
    pub(crate) token: NonZeroU64,
}

impl fmt::Display for Cancelled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the thread was cancelled")
    }
}

impl Error for Cancelled {}

impl fmt::Display for Elapsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the time of an enclosing time-out has elapsed")
    }
}

impl Error for Elapsed {}

/// Returns whether a payload is one of these, and not that of a panic.
pub(crate) fn is_of_an_interrupt(payload: &(dyn Any + Send)) -> bool {
    payload.is::<Cancelled>() || payload.is::<Elapsed>()
}
