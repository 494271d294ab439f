//! Waiting for somebody else's look-up of a name. The look-up itself is [`super::offload`]'s.
#![forbid(unsafe_code)]

use crate::patchable;
use crate::wait::native::Native;
use crate::wait::park::{self, Outcome, Wait};

/// Waits for the look-up of a name that another thread makes.
#[patchable]
pub(crate) fn wait(wait: &Wait<'_>) -> Outcome {
    park::wait(&Native::current(), wait)
}
