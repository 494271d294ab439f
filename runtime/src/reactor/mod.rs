//! The reactor, in which a hub sleeps until a descriptor is ready, another OS thread notifies it, or a timeout has passed.
//!
//! Layer: reactor, beside `patch` and `coroutine`.
//! Called by: `hub`.
//! Calls: `refused`, and mio; this is the only module that names mio.
//! Never: knows a green thread; it wakes no thread, it only returns.
//!
//! Descriptors are polled edge-triggered: an event reports a change once, and [`Descriptors`] remembers the readiness
//! until an attempt would have blocked. So a descriptor is registered once, and a wait needs no additional call to the OS.

mod descriptors;
mod forks;
mod notifier;
mod poller;
mod readiness;
mod reminder;

pub(crate) use descriptors::{Descriptors, Key};
pub(crate) use forks::{forked, forks};
pub(crate) use notifier::Notifier;
pub(crate) use poller::{Polled, Poller};
pub(crate) use readiness::{Direction, Readiness};
