//! Who unwinds.
#![forbid(unsafe_code)]

use std::panic;

use super::panic_hook;
use crate::hub;
use crate::replaces;
use crate::seam::unwind as seam;
use crate::seam::unwind::Hook;

#[replaces(seam::panicking)]
fn panicking() -> bool {
    hub::current().is_none_or(|hub| hub.is_panicking())
}

#[replaces(seam::panicked)]
fn panicked() {
    if let Some(hub) = hub::current() {
        hub.panicked();
    }
}

#[replaces(seam::caught)]
fn caught() {
    if let Some(hub) = hub::current() {
        hub.caught();
    }
}

#[replaces(seam::set_hook)]
fn set_hook(hook: Hook) {
    panic::set_hook(panic_hook::wrap(Some(hook)));
}

/// Leaves the default hook, which is ours: it knows the names of green threads.
#[replaces(seam::take_hook)]
fn take_hook() -> Hook {
    let taken = panic::take_hook();
    panic::set_hook(panic_hook::wrap(None));
    taken
}
