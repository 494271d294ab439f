//! Waiting for somebody else's look-up of a name.
#![forbid(unsafe_code)]

use super::parker::block;
use crate::seam::dns as seam;
use crate::wait::park::{Outcome, Wait};

pub(super) fn wait(wait: &Wait<'_>) -> Outcome {
    block(wait, seam::wait__original)
}
