//! Who unwinds.
#![forbid(unsafe_code)]

use crate::hub;
use crate::replaces;
use crate::seam::unwind as seam;

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
