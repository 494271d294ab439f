//! The two seams below everything in `sync` that blocks, one for each option that can be left native.

use crate::patchable;
use crate::wait::native::Native;
use crate::wait::park::{self, Outcome, Wait};

/// Blocks until another thread releases a mutex or a reader-writer lock, or completes an initialization.
#[patchable]
pub(crate) fn wait_lock(wait: &Wait<'_>) -> Outcome {
    // Most holders release a lock sooner than this thread could block.
    if wait.spin() {
        return Outcome::Ready;
    }
    park::wait(&Native::current(), wait)
}

/// Blocks until a signal: of a condition variable, a barrier or a channel.
#[patchable]
pub(crate) fn wait_signal(wait: &Wait<'_>) -> Outcome {
    park::wait(&Native::current(), wait)
}
