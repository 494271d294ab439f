//! The life of green threads, as events of `tracing` at the target `greenpatch::thread`.
//!
//! Each event is made by a thread in its own context, where it holds nothing of greenpatch's: a subscriber may block. Nothing
//! interrupts a wait of the subscriber, and a panic of it neither ends the thread nor keeps the spawner from its handle.
#![forbid(unsafe_code)]

use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;

use crate::interruption::shield;
use crate::seam::context;
use crate::seam::thread::Started;
use crate::thread_state::identity::{Identity, LazyIdentity};

/// Tells that the current thread has spawned a green thread.
pub(super) fn spawned(started: &Started, new: &LazyIdentity) {
    // In a panic hook no green thread may give up the processor.
    if matches!(started, Started::Green { .. })
        && !std::thread::panicking()
        && tracing::enabled!(target: "greenpatch::thread", tracing::Level::DEBUG)
    {
        tell(|| {
            tracing::debug!(
                target: "greenpatch::thread",
                thread = new.number().get(),
                name = new.name(),
                spawned_at = %new.location(),
                parent = context::number().get(),
                "spawned"
            );
        });
    }
}

/// Tells that the current green thread begins.
pub(super) fn begins() {
    if tracing::enabled!(target: "greenpatch::thread", tracing::Level::TRACE)
        && let Some(identity) = green()
    {
        tell(|| {
            tracing::trace!(
                target: "greenpatch::thread",
                thread = identity.id.get(),
                name = identity.name.as_deref(),
                "begins"
            );
        });
    }
}

/// Tells that the current green thread ends. Its thread-local values are still there.
pub(super) fn ends(has_panicked: bool) {
    if tracing::enabled!(target: "greenpatch::thread", tracing::Level::DEBUG)
        && let Some(identity) = green()
    {
        tell(|| {
            tracing::debug!(
                target: "greenpatch::thread",
                thread = identity.id.get(),
                name = identity.name.as_deref(),
                has_panicked,
                "ends"
            );
        });
    }
}

/// Returns the identity of the current thread if it is green.
fn green() -> Option<Arc<Identity>> {
    context::green().map(|_| context::identity())
}

/// Calls `event`, which calls the subscriber. The panic hook has reported a panic of it.
fn tell(event: impl FnOnce()) {
    let _ = panic::catch_unwind(AssertUnwindSafe(|| shield(event)));
}
