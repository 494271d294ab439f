//! Whether a panic aborts the process after its hook has run, or unwinds.
//!
//! The strategy is chosen when the program is linked, but a crate knows only the strategy it was compiled with. With
//! cargo's profiles the two are equal. A tool that links with another strategy has to call [`panics_abort`].
//!
//! Layer: below all others. Called by: `hub`, `green`, `cancellation`, `private`. Calls: std. Never: panics.
#![forbid(unsafe_code)]

use std::sync::atomic::{AtomicBool, Ordering};

static ABORTS: AtomicBool = AtomicBool::new(cfg!(not(panic = "unwind")));

/// Declares that panics abort the process. Called before there is a second thread, so Relaxed is sufficient.
pub fn panics_abort() {
    ABORTS.store(true, Ordering::Relaxed);
}

/// Returns true if panics abort the process. Then no thread unwinds, and a panicking thread is in its hook.
pub(crate) fn is_abort() -> bool {
    ABORTS.load(Ordering::Relaxed)
}
