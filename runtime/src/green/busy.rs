//! Letting others run while a thread waits busily.
#![forbid(unsafe_code)]

use crate::hub;

/// How many vain questions in a row are a wait.
const A_FEW: u16 = 8;
/// How many batches of work in a row are enough for others to begin on.
const ENOUGH: u16 = 16;

pub(super) fn busy() {
    if let Some(hub) = hub::switching()
        && hub.ask_in_vain() >= A_FEW
    {
        hub.yield_now();
    }
}

pub(super) fn produced() {
    if let Some(hub) = hub::switching()
        && hub.produce() >= ENOUGH
    {
        hub.yield_now();
    }
}

pub(super) fn polls() {
    if let Some(hub) = hub::switching() {
        hub.polls();
    }
}
