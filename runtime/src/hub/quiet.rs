//! Whether a hub is quiet, in a word that other OS threads read.
//!
//! The word is a number that grows with each change, and is odd while the hub is quiet. So a reader that finds it the same
//! twice knows that the hub was quiet all the time in between. What that is good for is in `wait::blocked`.
#![forbid(unsafe_code)]

use std::sync::atomic::{AtomicU64, Ordering, fence};

/// The word of one hub.
#[derive(Debug)]
pub(super) struct Quiet(AtomicU64);

impl Quiet {
    pub(super) const fn new() -> Self {
        Quiet(AtomicU64::new(0))
    }

    /// Returns the word. It is odd if the hub is quiet.
    pub(super) fn word(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }

    /// Sets whether the hub is quiet. Called by the hub alone.
    pub(super) fn set(&self, quiet: bool) {
        if (self.word() % 2 == 1) != quiet {
            self.0.fetch_add(1, Ordering::SeqCst);
            // Pairs with the fence in `Hub::quiet`: a reader that finds the inbox taken after this finds the new word.
            fence(Ordering::SeqCst);
        }
    }
}
