//! One descriptor that can be read when any of several has an event (an epoll instance).
//!
//! Invariant:
//! 1. The descriptors are valid for the kernel or not; it has an error for those that are not. None is read or written here.
#![allow(unsafe_code)]

use std::cell::Cell;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};

use libc::pollfd;

/// The descriptors of a call of `poll`.
pub(crate) struct PollSet(OwnedFd);

impl PollSet {
    /// Creates a set of descriptors, each with its events. Those that are negative, or always ready, are left out.
    ///
    /// # Errors
    ///
    /// What the kernel has no memory or descriptor for, and a set that would watch itself.
    pub(crate) fn new(descriptors: &[Cell<pollfd>]) -> io::Result<PollSet> {
        // SAFETY: epoll_create1 takes flags.
        let epoll = unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) };
        if epoll == -1 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the kernel has just created the descriptor, and no other value owns it.
        let set = PollSet(unsafe { OwnedFd::from_raw_fd(epoll) });
        for (index, descriptor) in descriptors.iter().enumerate() {
            let descriptor = descriptor.get();
            if descriptor.fd >= 0 {
                set.add(descriptor, &descriptors[..index])?;
            }
        }
        Ok(set)
    }

    pub(crate) fn fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }

    fn add(&self, descriptor: pollfd, before: &[Cell<pollfd>]) -> io::Result<()> {
        match self.control(libc::EPOLL_CTL_ADD, descriptor.fd, descriptor.events) {
            Err(error) if error.raw_os_error() == Some(libc::EEXIST) => {
                let before = before.iter().map(Cell::get);
                let same = before.filter(|other| other.fd == descriptor.fd);
                let events = same.fold(descriptor.events, |events, other| events | other.events);
                self.control(libc::EPOLL_CTL_MOD, descriptor.fd, events)
            }
            // `poll` has reported those that are always ready, unless the events leave them out, and those that are closed.
            Err(error) if matches!(error.raw_os_error(), Some(libc::EPERM | libc::EBADF)) => Ok(()),
            added => added,
        }
    }

    fn control(&self, operation: i32, fd: RawFd, events: i16) -> io::Result<()> {
        // The events have the same bits in both interfaces.
        let mut event = libc::epoll_event {
            events: u32::from(events as u16),
            u64: 0,
        };
        // SAFETY: the event is valid for a read; by invariant 1.
        match unsafe { libc::epoll_ctl(self.fd(), operation, fd, &raw mut event) } {
            -1 => Err(io::Error::last_os_error()),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::descriptor::poll;

    fn wants(fd: RawFd, events: i16) -> Cell<pollfd> {
        Cell::new(pollfd {
            fd,
            events,
            revents: 0,
        })
    }

    #[test]
    fn it_can_be_read_when_one_has_an_event() {
        let (reader, mut writer) = io::pipe().unwrap();
        let file = std::fs::File::open("Cargo.toml").unwrap();
        let set = PollSet::new(&[
            wants(-1, libc::POLLIN),
            wants(file.as_raw_fd(), 0),
            wants(reader.as_raw_fd(), 0),
            wants(reader.as_raw_fd(), libc::POLLIN),
            wants(reader.as_raw_fd(), libc::POLLPRI),
        ])
        .unwrap();
        assert!(!poll::is_ready(set.fd(), libc::POLLIN));
        writer.write_all(b"a").unwrap();
        assert!(poll::is_ready(set.fd(), libc::POLLIN));
        let empty = PollSet::new(&[]).unwrap();
        assert!(!poll::is_ready(empty.fd(), libc::POLLIN));
    }
}
