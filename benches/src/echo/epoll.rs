//! Edge-triggered epoll, used directly.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};

/// An epoll instance and a buffer for its events.
pub(super) struct Epoll {
    fd: OwnedFd,
    events: Vec<libc::epoll_event>,
}

impl Epoll {
    /// Creates an instance with room for the given number of events.
    pub(super) fn new(most: usize) -> io::Result<Epoll> {
        // SAFETY: the flag is valid.
        let fd = unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) };
        if fd == -1 {
            return Err(io::Error::last_os_error());
        }
        Ok(Epoll {
            // SAFETY: the OS has just created the descriptor, and no other value owns it.
            fd: unsafe { OwnedFd::from_raw_fd(fd) },
            events: vec![libc::epoll_event { events: 0, u64: 0 }; most],
        })
    }

    /// Registers a descriptor for reading, edge-triggered.
    pub(super) fn add(&self, fd: RawFd, number: u64) -> io::Result<()> {
        let mut event = libc::epoll_event {
            events: (libc::EPOLLIN | libc::EPOLLRDHUP | libc::EPOLLET) as u32,
            u64: number,
        };
        // SAFETY: the event is valid for the call.
        match unsafe {
            libc::epoll_ctl(self.fd.as_raw_fd(), libc::EPOLL_CTL_ADD, fd, &raw mut event)
        } {
            -1 => Err(io::Error::last_os_error()),
            _ => Ok(()),
        }
    }

    /// Waits for up to `milliseconds`, and calls `f` with the key of each ready descriptor.
    pub(super) fn wait(&mut self, milliseconds: i32, mut f: impl FnMut(u64)) {
        // SAFETY: the buffer is valid for writes of that number of events.
        let count = unsafe {
            libc::epoll_wait(
                self.fd.as_raw_fd(),
                self.events.as_mut_ptr(),
                self.events.len() as i32,
                milliseconds,
            )
        };
        for event in &self.events[..usize::try_from(count).unwrap_or(0)] {
            f(event.u64);
        }
    }
}
