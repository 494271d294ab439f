//! The seams under everything in `sync` that blocks, one for each option that can be left native.

use crate::patchable;
use crate::wait::native::Native;
use crate::wait::park::{self, Outcome, Wait};

/// Waits for something that another thread holds: a mutex, a read-write lock, an initialisation.
#[patchable]
pub(crate) fn wait_lock(wait: &Wait<'_>) -> Outcome {
    // Whoever holds a lock mostly lets go of it sooner than this thread could block.
    if wait.spin() {
        return Outcome::Ready;
    }
    park::wait(&Native::current(), wait)
}

/// Waits for a signal: of a condition, a barrier, a channel.
#[patchable]
pub(crate) fn wait_signal(wait: &Wait<'_>) -> Outcome {
    park::wait(&Native::current(), wait)
}
