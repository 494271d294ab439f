//! The operations on a poller that any OS thread may perform: ending its sleep, and removing descriptors.
#![forbid(unsafe_code)]

use std::os::fd::RawFd;

use mio::unix::SourceFd;
use mio::{Registry, Token, Waker};

use super::forks::forks;
use crate::refused::Refused;

#[cfg(any(target_os = "linux", target_os = "android"))]
const ADDING_A_WAKER: &str = "eventfd";
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const ADDING_A_WAKER: &str = "kevent";

/// A handle to a poller, for use on any OS thread.
#[derive(Debug)]
pub(crate) struct Notifier {
    waker: Waker,
    registry: Registry,
    /// The process that the notifier was created in, by the number of forks.
    process: u32,
}

impl Notifier {
    /// Adds a notifier to a poller, which reports notifications by `token`.
    ///
    /// # Errors
    ///
    /// If the process has no file descriptor left.
    pub(super) fn new(registry: &Registry, token: Token) -> Result<Self, Refused> {
        let waker = Waker::new(registry, token).map_err(Refused::by(ADDING_A_WAKER))?;
        let registry = registry.try_clone().map_err(Refused::by("fcntl"))?;
        Ok(Notifier {
            waker,
            registry,
            process: forks(),
        })
    }

    /// Removes a descriptor from the poller. Does nothing if it was not added, or is closed.
    pub(crate) fn remove(&self, fd: RawFd) {
        if self.process == forks() {
            let _ = self.registry.deregister(&mut SourceFd(&fd));
        }
    }

    /// Ends the sleep of the hub, or its next one if it does not sleep.
    pub(crate) fn notify(&self) {
        if self.process != forks() {
            return;
        }
        // This fails only if the OS has no memory for the event. The hub could then never be woken.
        self.waker.wake().expect("the OS can wake a hub");
    }
}
