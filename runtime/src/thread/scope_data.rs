//! The state that a scope shares with its threads.
#![forbid(unsafe_code)]

use std::num::NonZeroU64;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use crate::interruption;
use crate::seam::thread as seam;
use crate::wait::park::Outcome;
use crate::wait::reason::Kind;
use crate::wait::wait_while::{wait_while, wait_while_interruptible, wake_all};

/// The number of threads of a scope that still run, and whether one has panicked without being joined.
#[derive(Debug)]
pub(super) struct ScopeData {
    pub(super) running: AtomicUsize,
    pub(super) panicked: AtomicBool,
    /// The number of the scope, which no other scope has.
    number: NonZeroU64,
}

impl ScopeData {
    pub(super) fn new() -> Self {
        static LAST: AtomicU64 = AtomicU64::new(0);

        ScopeData {
            number: NonZeroU64::new(LAST.fetch_add(1, Ordering::Relaxed) + 1)
                .expect("2^64 scopes are more than a process has"),
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

    /// Returns the number of the scope.
    pub(super) fn number(&self) -> u64 {
        self.number.get()
    }

    /// Waits until no thread of the scope runs. If the wait is interrupted, or `is_interrupted` already, cancels the threads, waits
    /// on, and returns true.
    #[track_caller]
    pub(super) fn wait(&self, is_interrupted: bool) -> bool {
        let running = || self.running.load(Ordering::Acquire) != 0;
        let place = &self.running;
        if !is_interrupted {
            let outcome = wait_while_interruptible(seam::join, Kind::Scope, place, None, running);
            if outcome != Outcome::Interrupted {
                return false;
            }
        }
        interruption::with_cancelled_scope(self.number, || {
            wait_while(seam::join, Kind::Scope, place, None, running);
        });
        true
    }
}
