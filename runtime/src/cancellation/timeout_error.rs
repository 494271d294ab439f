//! [`TimeoutError`].
#![forbid(unsafe_code)]

use std::error::Error;
use std::fmt;

/// The error of [`timeout`](crate::timeout).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TimeoutError(Kind);

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Elapsed,
    /// The current thread is not on a hub, or may not leave the processor to others there.
    Native,
    PanicsAbort,
}

impl TimeoutError {
    pub(super) const ELAPSED: TimeoutError = TimeoutError(Kind::Elapsed);
    pub(super) const NATIVE: TimeoutError = TimeoutError(Kind::Native);
    pub(super) const PANICS_ABORT: TimeoutError = TimeoutError(Kind::PanicsAbort);

    /// Returns true if the time has elapsed, and the closure has unwound.
    #[must_use]
    pub fn is_elapsed(&self) -> bool {
        self.0 == Kind::Elapsed
    }

    /// Returns true if the waits of the current thread cannot be interrupted, and the closure was not called: the thread is a
    /// native one, no other green thread can run here, or the panics of the program abort.
    #[must_use]
    pub fn is_unsupported(&self) -> bool {
        self.0 != Kind::Elapsed
    }
}

impl fmt::Display for TimeoutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Kind::Elapsed => "the time has elapsed",
            Kind::Native => "a time-out needs a thread on which green threads run; call `patch_thread` first",
            Kind::PanicsAbort => "a time-out unwinds, and panics abort in this program; build it with `panic = \"unwind\"`",
        })
    }
}

impl Error for TimeoutError {}
