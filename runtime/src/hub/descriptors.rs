//! Waiting on a hub until a descriptor is ready.
#![forbid(unsafe_code)]

use std::io;
use std::os::fd::RawFd;
use std::time::Instant;

use super::task::Address;
use super::{Hub, Message, current};
use crate::reactor::{Direction, Key};

impl Hub {
    /// Has the reactor look at a descriptor, until [`Hub::forget`].
    ///
    /// # Errors
    ///
    /// `PermissionDenied` for a descriptor that is always ready, and what the OS has no memory for.
    pub(crate) fn watch(&'static self, fd: RawFd) -> io::Result<Key> {
        self.local().has_watched.set(true);
        let mut descriptors = self.local().descriptors.borrow_mut();
        let key = descriptors
            .insert(fd)
            .ok_or_else(|| io::Error::from(io::ErrorKind::QuotaExceeded))?;
        match self.local().reactor.borrow().add(fd, key) {
            Ok(()) => Ok(key),
            Err(error) => {
                descriptors.remove(key, |_| ());
                // Somebody else looks at this very descriptor: another value made of its number.
                match descriptors.find(fd) {
                    Some(other) if error.kind() == io::ErrorKind::AlreadyExists => Ok(other),
                    _ => Err(error),
                }
            }
        }
    }

    /// Takes back [`Hub::watch`], from any OS thread, before the descriptor is closed. Who still
    /// waits for it, through another value made of its number, wakes and finds out.
    pub(crate) fn forget(&'static self, fd: RawFd, key: Key) {
        self.notifier.remove(fd);
        if current::is(self) {
            self.forget_here(key);
        } else {
            self.send(Message::Forget(key));
        }
    }

    pub(super) fn forget_here(&self, key: Key) {
        let mut descriptors = self.local().descriptors.borrow_mut();
        descriptors.remove(key, |task| self.make_ready(Address(task)));
    }

    /// Whether an attempt has a chance; none if nobody looks at that descriptor any more.
    pub(crate) fn allows(&self, key: Key, direction: Direction) -> Option<bool> {
        self.local().descriptors.borrow().allows(key, direction)
    }

    /// Remembers that an attempt would have blocked.
    pub(crate) fn has_blocked(&self, key: Key, direction: Direction) {
        let mut descriptors = self.local().descriptors.borrow_mut();
        descriptors.has_blocked(key, direction);
    }

    /// Remembers that a transfer moved fewer bytes than it could have.
    pub(crate) fn was_short(&self, key: Key, direction: Direction) {
        let mut descriptors = self.local().descriptors.borrow_mut();
        descriptors.was_short(key, direction);
    }

    /// Blocks the running task until an attempt may have a chance; false at the deadline.
    pub(crate) fn wait_ready(
        &'static self,
        key: Key,
        direction: Direction,
        deadline: Option<Instant>,
    ) -> bool {
        let task = self.local().running.get();
        loop {
            let waits = self
                .local()
                .descriptors
                .borrow_mut()
                .enlist(key, direction, task);
            if !waits {
                return true;
            }
            self.park(deadline);
            let allows = self
                .local()
                .descriptors
                .borrow_mut()
                .withdraw(key, direction, task);
            if allows != Some(false) {
                return true;
            }
            if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                return false;
            }
        }
    }
}
