//! The life of green threads, as events of `tracing` at the target `greenpatch::thread`.
//!
//! Each event is made by a thread in its own context, where it holds nothing of greenpatch's: a subscriber may block. Nothing
//! interrupts a wait of the subscriber, and a panic of it neither ends the thread nor keeps the spawner from its handle. That goes
//! for each call of the subscriber, also for the one that asks whether the event is enabled.
#![forbid(unsafe_code)]

use std::panic::{self, AssertUnwindSafe};

use tracing::Level;
use tracing::level_filters::LevelFilter;

use crate::interruption::{self, shield};
use crate::seam::context;
use crate::seam::thread::Started;
use crate::thread_state::identity::LazyIdentity;

/// Tells that the current thread has spawned a green thread.
pub(super) fn spawned(started: &Started, new: &LazyIdentity) {
    // In a panic hook no green thread may give up the processor.
    if matches!(started, Started::Green { .. })
        && !std::thread::panicking()
        && may_be_enabled(Level::DEBUG)
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
    if context::green().is_some() && may_be_enabled(Level::TRACE) {
        tell(|| {
            if !tracing::enabled!(target: "greenpatch::thread", Level::TRACE) {
                return;
            }
            let identity = context::identity();
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
    if context::green().is_some() && may_be_enabled(Level::DEBUG) {
        tell(|| {
            if !tracing::enabled!(target: "greenpatch::thread", Level::DEBUG) {
                return;
            }
            let identity = context::identity();
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

/// Returns false if no subscriber wants events of this level. Runs no code of a subscriber.
fn may_be_enabled(level: Level) -> bool {
    level <= LevelFilter::current()
}

/// Calls `event`, which calls the subscriber. The panic hook has reported a panic of it.
fn tell(event: impl FnOnce()) {
    if panic::catch_unwind(AssertUnwindSafe(|| shield(event))).is_err() {
        interruption::caught();
    }
}
