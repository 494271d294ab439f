//! The two seams below everything in `sync` that blocks, one for each option that can be left native.

use super::context;
use crate::patchable;
use crate::wait::native;
use crate::wait::park::{Outcome, Wait};

/// Blocks until another thread releases a mutex or a reader-writer lock, or completes an initialization.
#[patchable]
pub(crate) fn wait_lock(wait: &Wait<'_>) -> Outcome {
    // Most holders release a lock sooner than this thread could block.
    if wait.spin() {
        return Outcome::Ready;
    }
    native::block(wait, context::native_number)
}

/// Blocks until a signal: of a condition variable, a barrier or a channel.
#[patchable]
pub(crate) fn wait_signal(wait: &Wait<'_>) -> Outcome {
    native::block(wait, context::native_number)
}
