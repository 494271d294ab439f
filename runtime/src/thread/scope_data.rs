//! The state that a scope shares with its threads.
#![forbid(unsafe_code)]

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::seam::thread as seam;
use crate::wait::wait_while::{wait_while, wake_all};

/// How many threads of a scope still run, and whether a panic of one went unseen.
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
        // Release, so that `wait`, which loads with acquire, sees all that the thread has done.
        if self.running.fetch_sub(1, Ordering::Release) == 1 {
            wake_all(&self.running);
        }
    }

    pub(super) fn wait(&self) {
        wait_while(seam::join, &self.running, None, || {
            self.running.load(Ordering::Acquire) != 0
        });
    }
}
