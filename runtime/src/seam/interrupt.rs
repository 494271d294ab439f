//! Interrupting the waits of a thread: the current one, another, or those of a scope.
//!
//! The native path waits in the OS, which nothing of this ends.

use std::num::NonZeroU64;

use crate::patchable;
use crate::thread_state::identity::LazyIdentity;

/// Returns whether the waits of the current thread may be interrupted: it runs on a hub and may leave the processor to
/// others there.
#[patchable]
pub(crate) fn is_possible() -> bool {
    false
}

/// Cancels a green thread. Returns false if that is not possible.
#[patchable]
pub(crate) fn cancel(identity: &LazyIdentity) -> bool {
    let _ = identity;
    false
}

/// Cancels the green threads of the scope with a number that have begun, wherever they run.
#[patchable]
pub(crate) fn cancel_scope(scope: NonZeroU64) {
    let _ = scope;
}
