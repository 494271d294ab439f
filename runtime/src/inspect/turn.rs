//! What one thread does at a time.
#![forbid(unsafe_code)]

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::hub;

/// Dumps are made one after another: two threads that wait for each other's hubs would find both held.
pub(super) static DUMPS: Turns = Turns::new();

/// A lock that holds the number of the process in which it is taken, or [`FREE`]. Not one of std's: if a fork is made while another
/// thread holds it, it is free in the child.
pub(super) struct Turns(AtomicU64);

/// No thread has its turn.
const FREE: u64 = 0;

/// The turn of the current thread, until this is dropped.
pub(super) struct Turn(&'static Turns);

impl Turns {
    pub(super) const fn new() -> Turns {
        Turns(AtomicU64::new(FREE))
    }

    /// Waits until no other thread of this process has its turn. The hub of this OS thread answers others meanwhile.
    pub(super) fn wait(&'static self) -> Turn {
        while !self.take() {
            if let Some(hub) = hub::current() {
                hub.look_into_inbox();
            }
            #[expect(clippy::disallowed_methods, reason = "a report takes the OS thread")]
            thread::sleep(Duration::from_millis(1));
        }
        Turn(self)
    }

    /// Waits for so long at most. None if another thread of this process has its turn for all that time.
    pub(super) fn wait_for(&'static self, patience: Duration) -> Option<Turn> {
        let deadline = Instant::now() + patience;
        while !self.take() {
            if Instant::now() >= deadline {
                return None;
            }
            #[expect(clippy::disallowed_methods, reason = "a report takes the OS thread")]
            thread::sleep(Duration::from_millis(1));
        }
        Some(Turn(self))
    }

    fn take(&self) -> bool {
        let this = u64::from(hub::forks()) + 1;
        // Relaxed: the exchange decides.
        let taken_by = self.0.load(Ordering::Relaxed);
        taken_by != this
            && self
                .0
                .compare_exchange(taken_by, this, Ordering::Acquire, Ordering::Relaxed)
                .is_ok()
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.0.store(FREE, Ordering::Release);
    }
}
