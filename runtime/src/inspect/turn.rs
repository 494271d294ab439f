//! Dumps are made one after another: two threads that wait for each other's hubs would find both held.
#![forbid(unsafe_code)]

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use crate::hub;

/// No thread makes a dump.
const FREE: u64 = 0;

/// The process whose thread makes a dump, or [`FREE`]. Not a lock of std's: the child of a fork would find it locked by a thread
/// that it does not have.
static TAKEN_BY: AtomicU64 = AtomicU64::new(FREE);

/// The turn of the current thread, until this is dropped.
pub(super) struct Turn(());

impl Turn {
    /// Waits until no other thread of this process makes a dump. The hub of this OS thread answers others meanwhile.
    pub(super) fn wait() -> Turn {
        while !take() {
            if let Some(hub) = hub::current() {
                hub.look_into_inbox();
            }
            #[expect(clippy::disallowed_methods, reason = "a dump takes the OS thread")]
            thread::sleep(Duration::from_millis(1));
        }
        Turn(())
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        TAKEN_BY.store(FREE, Ordering::Release);
    }
}

fn take() -> bool {
    let this = u64::from(hub::forks()) + 1;
    // Relaxed: the exchange decides.
    let taken_by = TAKEN_BY.load(Ordering::Relaxed);
    taken_by != this
        && TAKEN_BY
            .compare_exchange(taken_by, this, Ordering::Acquire, Ordering::Relaxed)
            .is_ok()
}
