//! [`exit`].
#![forbid(unsafe_code)]

use crate::seam::exit as seam;

/// Terminates the process with an exit code.
///
/// # Differences from std
///
/// Called by a green thread it destroys the thread-local values of that green thread alone, while others run on;
/// then the hub stops, and the handlers of `atexit` run on a separate OS thread. The first thread that calls
/// it decides the status, whether green or not, and also against a `main` that returns.
///
/// # Panics
///
/// Aborts the process if the thread that ends it calls this again, from a destructor or handler.
///
/// # Examples
///
/// ```no_run
/// use greenpatch::process;
///
/// process::exit(3);
/// ```
pub fn exit(code: i32) -> ! {
    match seam::exit(code) {}
}
