//! What a hub needs that the OS may refuse.
//!
//! It is had first: a hub lives for ever, and an attempt that fails is to leave nothing behind.
#![forbid(unsafe_code)]

use super::records::Room;
use crate::reactor::{Notifier, Reactor};
use crate::refused::Refused;

/// What a hub needs that the OS may refuse. Dropped, it is given back.
#[derive(Debug)]
pub(super) struct Parts {
    pub(super) reactor: Reactor,
    pub(super) notifier: Notifier,
    /// For its first records.
    pub(super) room: Room,
}

impl Parts {
    /// Asks the OS for it.
    ///
    /// # Errors
    ///
    /// When the process has no descriptors or no address space left.
    pub(super) fn new() -> Result<Parts, Refused> {
        let (reactor, notifier) = Reactor::new()?;
        let room = Room::new().map_err(Refused::by("mmap"))?;
        Ok(Parts {
            reactor,
            notifier,
            room,
        })
    }
}
