//! Waiting for somebody else's look-up of a name.
#![forbid(unsafe_code)]

use super::parker::Parker;
use crate::seam::names as seam;
use crate::wait::park::{self, Outcome, Wait};

pub(super) fn wait(wait: &Wait<'_>) -> Outcome {
    match Parker::current() {
        Some(parker) => park::wait(&parker, wait),
        None => seam::wait__original(wait),
    }
}
