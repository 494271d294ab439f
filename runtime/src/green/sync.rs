//! Waiting for locks and for signals.
#![forbid(unsafe_code)]

use super::parker::Parker;
use crate::seam::sync as seam;
use crate::wait::park::{self, Outcome, Wait};

pub(super) fn wait_lock(wait: &Wait<'_>) -> Outcome {
    match Parker::current() {
        Some(parker) => park::wait(&parker, wait),
        None => seam::wait_lock__original(wait),
    }
}

pub(super) fn wait_signal(wait: &Wait<'_>) -> Outcome {
    match Parker::current() {
        Some(parker) => park::wait(&parker, wait),
        None => seam::wait_signal__original(wait),
    }
}
