//! Where a report goes: to the standard error, or to code of the program's.
#![forbid(unsafe_code)]

use std::fmt;
use std::io::{self, Write};
use std::panic::{self, AssertUnwindSafe};

/// Writes to the standard error. That it cannot be written to, such as a pipe whose reader has gone, must not stop the program.
pub(super) fn write(text: fmt::Arguments<'_>) {
    let _ = io::stderr().write_fmt(text);
}

/// Calls `tell`, which calls a subscriber or a logger, on an OS thread of greenpatch's own, which goes on if that panics. Returns what
/// `tell` returns: false if there is neither.
pub(super) fn tell(tell: impl FnOnce() -> bool) -> bool {
    // One that panics is there, and the panic hook has said so.
    panic::catch_unwind(AssertUnwindSafe(tell)).unwrap_or(true)
}
