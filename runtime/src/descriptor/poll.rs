//! Blocking the OS thread until descriptors are ready: `poll`, repeated after signals.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, RawFd};
use std::time::Instant;

use libc::{c_int, c_short, nfds_t, pollfd};

use crate::descriptor::direction::Direction;

/// How long a [`poll`](libc::poll) may block.
#[derive(Clone, Copy)]
enum Limit {
    /// It does not block.
    Now,
    /// Until a deadline; forever if `None`.
    Until(Option<Instant>),
}

/// Blocks the OS thread until the descriptor is ready. Returns false at the deadline.
pub(crate) fn poll(
    fd: BorrowedFd<'_>,
    direction: Direction,
    deadline: Option<Instant>,
) -> io::Result<bool> {
    let events = match direction {
        Direction::Read => libc::POLLIN,
        Direction::Write => libc::POLLOUT,
    };
    let ready = poll_each([(fd.as_raw_fd(), events)], Limit::Until(deadline))?;
    Ok(ready != [0])
}

/// Returns which of two descriptors can be read. If `blocks`, waits until one can.
pub(crate) fn readable(either: [BorrowedFd<'_>; 2], blocks: bool) -> io::Result<[bool; 2]> {
    let limit = match blocks {
        true => Limit::Until(None),
        false => Limit::Now,
    };
    let ready = poll_each(either.map(|fd| (fd.as_raw_fd(), libc::POLLIN)), limit)?;
    Ok(ready.map(|events| events != 0))
}

/// Returns whether a call that waits for `events` would return without blocking. That is so for a descriptor that is
/// closed or cannot be polled.
pub(crate) fn is_ready(fd: RawFd, events: c_short) -> bool {
    poll_each([(fd, events)], Limit::Now).map_or(true, |ready| ready != [0])
}

/// Returns whether the OS has an error for the next call on a descriptor, without clearing it.
pub(crate) fn has_error(fd: RawFd) -> bool {
    poll_each([(fd, 0)], Limit::Now).is_ok_and(|[events]| events & libc::POLLERR != 0)
}

/// Blocks the OS thread until one of `events` occurs. Returns at once if the descriptor cannot be polled.
pub(crate) fn wait_for(fd: RawFd, events: c_short) {
    let _ = poll_each([(fd, events)], Limit::Until(None));
}

/// Polls descriptors until one has an event, or the limit is reached. Returns the events of each.
fn poll_each<const N: usize>(
    descriptors: [(RawFd, c_short); N],
    limit: Limit,
) -> io::Result<[c_short; N]> {
    let mut descriptors = descriptors.map(|(fd, events)| pollfd {
        fd,
        events,
        revents: 0,
    });
    loop {
        // SAFETY: the array is valid for reads and writes of its N descriptors.
        match unsafe { libc::poll(descriptors.as_mut_ptr(), N as nfds_t, limit.milliseconds()) } {
            0 if !limit.is_reached() => {}
            -1 => {
                let error = io::Error::last_os_error();
                if error.kind() != io::ErrorKind::Interrupted {
                    return Err(error);
                }
            }
            _ => return Ok(descriptors.map(|descriptor| descriptor.revents)),
        }
    }
}

impl Limit {
    /// Returns the time until the limit, as an argument of `poll`.
    fn milliseconds(self) -> c_int {
        match self {
            Limit::Now => 0,
            Limit::Until(None) => -1,
            Limit::Until(Some(deadline)) => {
                let left = deadline.saturating_duration_since(Instant::now());
                // Rounded up, so that the wait does not end early.
                left.as_nanos()
                    .div_ceil(1_000_000)
                    .try_into()
                    .unwrap_or(c_int::MAX)
            }
        }
    }

    fn is_reached(self) -> bool {
        match self {
            Limit::Now => true,
            Limit::Until(deadline) => deadline.is_some_and(|deadline| Instant::now() >= deadline),
        }
    }
}
