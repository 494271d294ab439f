//! Whether a panic ends the process once its hook has run, or unwinds.
//!
//! The program that is linked decides, and a crate knows only how it was compiled itself. The two are the same where
//! cargo's profiles say so; whatever links in another way has to tell.
//!
//! Layer: below all others. Called by: `hub`, `green`, `private`. Calls: std. Never: panics.
#![forbid(unsafe_code)]

use std::sync::atomic::{AtomicBool, Ordering};

static ABORTS: AtomicBool = AtomicBool::new(cfg!(not(panic = "unwind")));

/// Says that panics end the process. Called before there is a second thread, so Relaxed is enough.
pub fn panics_abort() {
    ABORTS.store(true, Ordering::Relaxed);
}

/// Whether panics end the process. Then nothing ever unwinds, and what panics is in its hook.
pub(crate) fn is_abort() -> bool {
    ABORTS.load(Ordering::Relaxed)
}
