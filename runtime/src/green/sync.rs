//! Waiting for locks and for signals.
#![forbid(unsafe_code)]

use super::parker::{Parker, block};
use crate::seam::sync as seam;
use crate::wait::park::{Outcome, Wait};

pub(super) fn wait_lock(wait: &Wait<'_>) -> Outcome {
    match Parker::current() {
        Some(parker) if parker.finds_free(wait) => Outcome::Ready,
        Some(parker) => parker.wait(wait),
        None => seam::wait_lock__original(wait),
    }
}

pub(super) fn wait_signal(wait: &Wait<'_>) -> Outcome {
    block(wait, seam::wait_signal__original)
}
