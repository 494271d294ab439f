//! The state that a scope shares with its threads.
#![forbid(unsafe_code)]

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::seam::thread as seam;
use crate::wait::reason::Kind;
use crate::wait::wait_while::{wait_while, wake_all};

/// The number of threads of a scope that still run, and whether one has panicked without being joined.
#[derive(Debug)]
pub(super) struct ScopeData {
    pub(super) running: AtomicUsize,
    pub(super) panicked: AtomicBool,
}

impl ScopeData {
    pub(super) fn new() -> Self {
        ScopeData {
            running: AtomicUsize::new(0),
            panicked: AtomicBool::new(false),
        }
    }

    pub(super) fn thread_starts(&self) {
        self.running.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn thread_ended(&self, panicked: bool) {
        if panicked {
            self.panicked.store(true, Ordering::Relaxed);
        }
        // Release: pairs with the acquire in `wait`, which returns after everything that the thread did.
        if self.running.fetch_sub(1, Ordering::Release) == 1 {
            wake_all(&self.running);
        }
    }

    #[track_caller]
    pub(super) fn wait(&self) {
        wait_while(seam::join, Kind::Scope, &self.running, None, || {
            self.running.load(Ordering::Acquire) != 0
        });
    }
}
