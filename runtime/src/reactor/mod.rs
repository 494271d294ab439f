//! What a hub sleeps in: until a descriptor is ready, another OS thread notifies it, or a time has come.
//!
//! Layer: reactor, beside `patch` and `coroutine`.
//! Called by: `hub`.
//! Calls: `refused`, and mio; this is the only module that names mio.
//! Never: knows a green thread; it wakes no thread, it only returns.
//!
//! Descriptors are looked at edge by edge: an event tells once that something has changed, and
//! [`Descriptors`] remembers it until an attempt has found out otherwise. So a descriptor is
//! registered once, and a wait costs no call to the OS of its own.

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
