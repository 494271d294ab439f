//! Waiting on a hub until a descriptor is ready.
//!
//! A task that waits leaves its next attempt with the hub, which makes it once an event says that it has a chance
//! (`driver`).
#![allow(unsafe_code)]

use std::io;
use std::mem;
use std::os::fd::RawFd;
use std::time::Instant;

use super::core::Hub;
use super::current;
use super::driver::{Attempt, Waited, Waiter};
use super::remote::Message;
use crate::boundary;
use crate::reactor::{Direction, Key};
use crate::wait::interrupts::Interrupts;

/// A guard that takes a waiter out of the table if the wait unwinds.
struct Enlisted<'a> {
    hub: &'static Hub,
    waiter: &'a Waiter<'a>,
}

impl Hub {
    /// Registers a descriptor with the reactor, until [`Hub::forget`].
    ///
    /// # Errors
    ///
    /// `PermissionDenied` for a descriptor that is always ready; otherwise the OS's error if it has no memory.
    pub(crate) fn watch(&'static self, fd: RawFd) -> io::Result<Key> {
        let _inside = boundary::enter();
        let core = self.core();
        core.driver.watch(&core.run_queue, fd)
    }

    /// Registers what a number means now, for code that may close the descriptor without notice. The registration lasts
    /// until the number means another descriptor, and is found again by the next call.
    ///
    /// # Errors
    ///
    /// Those of [`Hub::watch`].
    #[cfg(greenpatch_libc)]
    pub(crate) fn watch_number(&'static self, fd: RawFd) -> io::Result<Key> {
        if let Some(known) = self.core().driver.find(fd) {
            if let Some(new) = self.watch_again(fd, known) {
                return Ok(new);
            }
            if self.allows(known, Direction::Read).is_some() {
                return Ok(known);
            }
        }
        self.watch(fd)
    }

    /// Makes sure that the reactor polls the descriptor that the number refers to now: another one may have been
    /// duplicated onto it. If so, the old key becomes stale, and the new key is returned. A new descriptor that cannot be
    /// polled has none.
    #[cold]
    pub(crate) fn watch_again(&'static self, fd: RawFd, key: Key) -> Option<Key> {
        let _inside = boundary::enter();
        let core = self.core();
        core.driver.watch_again(&core.run_queue, fd, key)
    }

    /// Undoes [`Hub::watch`], from any OS thread, before the descriptor is closed. A task that still waits for it, through
    /// another value made of its number, is woken.
    pub(crate) fn forget(&'static self, fd: RawFd, key: Key) {
        let _inside = boundary::enter();
        self.remote.notifier.remove(fd);
        if current::is(self) {
            let core = self.core();
            core.driver.forget(&core.run_queue, key);
        } else {
            self.remote.send(Message::Forget(key));
        }
    }

    /// Returns true if an attempt has a chance, and `None` if the key is stale.
    pub(crate) fn allows(&self, key: Key, direction: Direction) -> Option<bool> {
        self.core().driver.allows(key, direction)
    }

    /// Remembers that an attempt would have blocked.
    pub(crate) fn has_blocked(&self, key: Key, direction: Direction) {
        self.core().driver.has_blocked(key, direction);
    }

    /// Remembers that a transfer moved fewer bytes than it could have.
    pub(crate) fn was_short(&self, key: Key, direction: Direction) {
        self.core().driver.was_short(key, direction);
    }

    /// Returns true if a wait that begins now may ask the OS about its descriptor. Otherwise the wait begins without
    /// asking.
    #[inline]
    pub(crate) fn may_ask(&self) -> bool {
        self.core().driver.may_ask()
    }

    /// Blocks the running task until an attempt may have a chance.
    ///
    /// The hub may have made the `attempt` by then, once, within another task or the loop. Once an attempt has found that
    /// there is no more, later waiters for the same descriptor keep waiting. Unless the caller `has_asked` the OS about
    /// the descriptor, a wait that lasts ends as [`Waited::Doubted`]. It ends as [`Waited::Stopped`] if one of the
    /// `interrupts` of the task is due and no attempt has a chance.
    pub(crate) fn wait_ready<'a>(
        &'static self,
        key: Key,
        direction: Direction,
        deadline: Option<Instant>,
        has_asked: bool,
        interrupts: Option<&Interrupts>,
        attempt: &'a mut Attempt<'a>,
    ) -> Waited {
        let _inside = boundary::enter();
        let core = self.core();
        let driver = &core.driver;
        let waiter = driver.waiter(core.running.get(), key, direction, has_asked, attempt);
        loop {
            // SAFETY: the waiter stays in this frame, which is left only once `withdraw` was called or the hub has
            // taken the waiter out; `Enlisted` does that if `park` unwinds.
            if !unsafe { driver.enlist(&waiter) } {
                return Waited::Ready;
            }
            let enlisted = Enlisted {
                hub: self,
                waiter: &waiter,
            };
            let mut is_interrupted = false;
            match interrupts {
                Some(interrupts) if interrupts.are_active() => {
                    is_interrupted = self.park_interruptibly(interrupts, deadline);
                }
                _ => self.park(deadline),
            }
            while waiter.is_found() {
                self.park(None);
            }
            mem::forget(enlisted);
            // The waiter was taken out before its attempt was made.
            if waiter.is_tried() || driver.withdraw(&waiter) != Some(false) {
                return Waited::Ready;
            }
            if is_interrupted {
                return Waited::Stopped;
            }
            if let Some(ended) = waiter.ended() {
                return ended;
            }
            if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                return Waited::TimedOut;
            }
        }
    }
}

impl Drop for Enlisted<'_> {
    fn drop(&mut self) {
        if self.waiter.is_found() {
            // The hub is going to make the attempt, which lies on a stack that will no longer exist by then.
            std::process::abort();
        }
        self.hub.core().driver.withdraw(self.waiter);
    }
}
