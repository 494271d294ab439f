//! Yielding while a thread is busy waiting.
#![forbid(unsafe_code)]

use crate::hub;

pub(super) fn busy() {
    if let Some(hub) = hub::switching() {
        hub.spend_failed_attempt();
    }
}

pub(super) fn produced() {
    if let Some(hub) = hub::switching() {
        hub.spend_batch();
    }
}

pub(super) fn polls() {
    if let Some(hub) = hub::switching() {
        hub.spend_round();
    }
}
