//! Waiting for a name look-up of another thread. The look-up itself goes through [`super::offload`].
#![forbid(unsafe_code)]

use crate::patchable;
use crate::wait::native::Native;
use crate::wait::park::{self, Outcome, Wait};

/// Blocks until another thread has looked up a name.
#[patchable]
pub(crate) fn wait(wait: &Wait<'_>) -> Outcome {
    park::wait(&Native::current(), wait)
}
