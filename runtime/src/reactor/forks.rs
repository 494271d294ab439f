//! The identity of the current process, as the number of forks since the program started.
//!
//! A child shares the OS's polling facility with its parent process, and must not change it. So each value that belongs
//! to one process stores the number of forks before that process.
#![forbid(unsafe_code)]

use std::sync::atomic::{AtomicU32, Ordering};

static FORKS: AtomicU32 = AtomicU32::new(0);

/// Counts a fork. Called in the child.
pub(crate) fn forked() {
    // Relaxed, here and below: a new process has one thread, which starts all others.
    FORKS.fetch_add(1, Ordering::Relaxed);
}

/// Returns the number of forks between the process that loaded greenpatch and this one.
#[inline]
pub(crate) fn forks() -> u32 {
    FORKS.load(Ordering::Relaxed)
}
