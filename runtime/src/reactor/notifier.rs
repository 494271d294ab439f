//! What any OS thread may do with a poller: end its sleep, and remove descriptors from it.
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

/// What any OS thread may do with the sleeping place of a hub.
#[derive(Debug)]
pub(crate) struct Notifier {
    waker: Waker,
    registry: Registry,
    /// The process that it was made in, by the number of forks.
    process: u32,
}

impl Notifier {
    /// Adds a notifier to a poller, which reports its notifications by `token`.
    ///
    /// # Errors
    ///
    /// When the process has no file descriptor left.
    pub(super) fn new(registry: &Registry, token: Token) -> Result<Self, Refused> {
        let waker = Waker::new(registry, token).map_err(Refused::by(ADDING_A_WAKER))?;
        let registry = registry.try_clone().map_err(Refused::by("fcntl"))?;
        Ok(Notifier {
            waker,
            registry,
            process: forks(),
        })
    }

    /// Has a descriptor looked at no more. Nothing happens if it was not, or is closed.
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
        // This fails only if the OS has no memory for the event, and there is no way on then.
        self.waker.wake().expect("the OS can wake a hub");
    }
}
