//! Yielding while a thread is busy waiting.
#![forbid(unsafe_code)]

use crate::hub;

/// The number of unsuccessful polls in a row after which a thread yields.
const A_FEW: u16 = 8;
/// The number of batches of work in a row after which a producer yields.
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
