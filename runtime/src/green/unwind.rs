//! Which green thread is unwinding.
#![forbid(unsafe_code)]

use std::panic;

use super::panic_hook;
use crate::hub;
use crate::seam::unwind::Hook;

pub(super) fn panicking() -> bool {
    hub::current().is_none_or(|hub| hub.is_panicking())
}

pub(super) fn panicked() {
    if let Some(hub) = hub::current() {
        hub.panicked();
    }
}

pub(super) fn caught() {
    if let Some(hub) = hub::current() {
        hub.caught();
    }
}

pub(super) fn set_hook(hook: Hook) {
    panic::set_hook(panic_hook::wrap(Some(hook)));
}

/// Installs the default hook, which is greenpatch's: it knows the names of green threads.
pub(super) fn take_hook() -> Hook {
    let taken = panic::take_hook();
    panic::set_hook(panic_hook::wrap(None));
    taken
}
