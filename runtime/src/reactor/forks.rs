//! Which process this is, by the number of forks.
//!
//! What the parent process polls is its own: a child shares the OS's facility with it, and must not change it. So what
//! belongs to one process keeps the number of forks before it.
#![forbid(unsafe_code)]

use std::sync::atomic::{AtomicU32, Ordering};

static FORKS: AtomicU32 = AtomicU32::new(0);

/// Counts a fork. Called in the child.
pub(crate) fn forked() {
    // Relaxed, here and below: a new process has one thread, and starts the others.
    FORKS.fetch_add(1, Ordering::Relaxed);
}

/// Returns the number of forks between the process that loaded greenpatch and this one.
#[inline]
pub(crate) fn forks() -> u32 {
    FORKS.load(Ordering::Relaxed)
}
