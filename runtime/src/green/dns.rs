//! Waiting for a DNS look-up that another thread makes.
#![forbid(unsafe_code)]

use super::parker::block;
use crate::seam::dns as seam;
use crate::wait::park::{Outcome, Wait};

pub(super) fn wait(wait: &Wait<'_>) -> Outcome {
    block(wait, seam::wait__original)
}
