//! Blocking the OS thread until a descriptor is ready: `poll`, repeated after signals.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::time::Instant;

use crate::descriptor::direction::Direction;

/// Blocks the OS thread until the descriptor is ready; false at the deadline.
pub(crate) fn poll(
    fd: BorrowedFd<'_>,
    direction: Direction,
    deadline: Option<Instant>,
) -> io::Result<bool> {
    let mut descriptor = libc::pollfd {
        fd: fd.as_raw_fd(),
        events: match direction {
            Direction::Read => libc::POLLIN,
            Direction::Write => libc::POLLOUT,
        },
        revents: 0,
    };
    loop {
        let timeout = match deadline {
            None => -1,
            Some(deadline) => {
                let left = deadline.saturating_duration_since(Instant::now());
                // Rounded up, so as not to be early.
                left.as_nanos()
                    .div_ceil(1_000_000)
                    .try_into()
                    .unwrap_or(i32::MAX)
            }
        };
        // SAFETY: one valid pollfd.
        match unsafe { libc::poll(&raw mut descriptor, 1, timeout) } {
            0 if deadline.is_some_and(|deadline| Instant::now() >= deadline) => return Ok(false),
            0 => {}
            -1 => {
                let error = io::Error::last_os_error();
                if error.kind() != io::ErrorKind::Interrupted {
                    return Err(error);
                }
            }
            _ => return Ok(true),
        }
    }
}
