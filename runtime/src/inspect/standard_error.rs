//! Writing reports to the standard error.
//!
//! `eprint!` panics if the text cannot be written, which would end the OS thread that reports, or a hub; and it takes a lock that a
//! thread may hold which cannot run.
#![allow(unsafe_code)]

use std::fmt;

use crate::boundary;

/// Writes a report. What cannot be written is lost.
pub(super) fn write(report: &dyn fmt::Display) {
    let text = report.to_string();
    let _inside = boundary::enter();
    let mut rest = text.as_bytes();
    while !rest.is_empty() {
        // SAFETY: the bytes are readable.
        let count = unsafe { libc::write(libc::STDERR_FILENO, rest.as_ptr().cast(), rest.len()) };
        match usize::try_from(count) {
            Ok(0) => return,
            Ok(count) => rest = &rest[count..],
            Err(_) => match std::io::Error::last_os_error().raw_os_error() {
                Some(libc::EINTR) => {}
                // The program, or another one that has the same terminal or pipe, has made it non-blocking.
                Some(libc::EAGAIN) if is_ready_again() => {}
                _ => return,
            },
        }
    }
}

/// Waits until the standard error takes more. Returns false if it will not.
fn is_ready_again() -> bool {
    let mut watched = libc::pollfd {
        fd: libc::STDERR_FILENO,
        events: libc::POLLOUT,
        revents: 0,
    };
    // SAFETY: there is one entry, valid for reads and writes.
    let result = unsafe { libc::poll(&raw mut watched, 1, -1) };
    result > 0 || std::io::Error::last_os_error().raw_os_error() == Some(libc::EINTR)
}
