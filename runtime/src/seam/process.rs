//! Child processes: waiting for one to end, and for one of its two outputs to have something.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::BorrowedFd;
use std::process::{Child, ExitStatus};

use crate::patchable;

/// Waits for a child process to end.
#[patchable]
pub(crate) fn wait(child: &mut Child) -> io::Result<ExitStatus> {
    child.wait()
}

/// Waits until one of two descriptors can be read, or has come to its end; says for each whether it
/// has.
#[patchable]
pub(crate) fn wait_either(either: [BorrowedFd<'_>; 2]) -> io::Result<[bool; 2]> {
    poll(either, true)
}

/// Asks the OS which of two descriptors can be read, and waits for one if `blocks`.
pub(crate) fn poll(either: [BorrowedFd<'_>; 2], blocks: bool) -> io::Result<[bool; 2]> {
    let mut descriptors = either.map(|fd| libc::pollfd {
        fd: std::os::fd::AsRawFd::as_raw_fd(&fd),
        events: libc::POLLIN,
        revents: 0,
    });
    let timeout = if blocks { -1 } else { 0 };
    loop {
        // SAFETY: two valid pollfds.
        match unsafe { libc::poll(descriptors.as_mut_ptr(), 2, timeout) } {
            -1 => {
                let error = io::Error::last_os_error();
                if error.kind() != io::ErrorKind::Interrupted {
                    return Err(error);
                }
            }
            _ => return Ok(descriptors.map(|descriptor| descriptor.revents != 0)),
        }
    }
}
