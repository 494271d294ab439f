//! A wait, as a report has it.
#![forbid(unsafe_code)]

use std::panic::Location;
use std::time::Duration;

use super::dump::{Holder, WaitKind, WaitReport};
use crate::wait::reason::{self, Kind, Reason};

/// Returns the report of a wait for an object, without its times.
pub(super) fn for_object(
    reason: Reason,
    location: Option<&'static Location<'static>>,
) -> WaitReport {
    let (holder, page) = match reason.holder {
        reason::Holder::Unknown => (None, None),
        reason::Holder::Thread(number) => (Some(Holder::Thread(number.get())), None),
        reason::Holder::Page(page) => (None, Some(page)),
    };
    WaitReport {
        kind: kind(reason),
        address: Some(reason.address),
        location,
        waited: Duration::ZERO,
        remaining: None,
        holder,
        page,
    }
}

fn kind(reason: Reason) -> WaitKind {
    match reason.kind {
        Kind::Mutex => WaitKind::Mutex,
        Kind::Read => WaitKind::Read,
        Kind::Write => WaitKind::Write,
        Kind::Once => WaitKind::Once,
        Kind::Condvar => WaitKind::Condvar,
        Kind::Barrier => WaitKind::Barrier,
        Kind::ChannelSend => WaitKind::ChannelSend,
        Kind::ChannelReceive => WaitKind::ChannelReceive,
        Kind::Join => WaitKind::Join,
        Kind::Scope => WaitKind::Scope,
        Kind::Park => WaitKind::Park,
        Kind::BlockOn => WaitKind::BlockOn,
        Kind::Futex => WaitKind::Futex,
        Kind::Call(name) => WaitKind::Call(name),
    }
}
