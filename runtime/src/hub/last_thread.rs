//! The end of a green thread, and of a process with its last one.
//!
//! When a green thread that a fork made the root of its hub ends, the process ends once no other green thread is
//! left, as it would with the last OS thread.
#![forbid(unsafe_code)]

use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use super::alive::alive;
use super::current::current;
use super::switching::switching;

/// The longest time between two checks whether the last green thread of a child has ended.
const LONGEST_PAUSE: Duration = Duration::from_millis(20);

/// Called when a green thread has ended that a fork made the root of its hub, and no other is left.
static WHEN_LAST: OnceLock<fn()> = OnceLock::new();

/// Sets the function that ends the process after its last green thread, in a child that a green thread forked.
pub(crate) fn when_the_last_ends(f: fn()) {
    let _ = WHEN_LAST.set(f);
}

/// Counts the calling green thread as ended, before a joiner can observe its end.
#[inline]
pub(crate) fn retire() {
    if let Some(hub) = current() {
        // A green thread is the root after a fork alone.
        if hub.core().running.get() == hub.core().root.get() {
            return end_with_the_last();
        }
        hub.remote.alive.retire();
    }
}

/// Ends the process when no green thread is left. Called at the end of a green thread that a fork made the root.
#[cold]
fn end_with_the_last() {
    let mut pause = Duration::from_millis(1);
    while alive() > 0 {
        match switching() {
            Some(hub) => hub.park(Some(Instant::now() + pause)),
            // Those that are left run on other OS threads.
            #[expect(
                clippy::disallowed_methods,
                reason = "nothing else runs on this OS thread"
            )]
            None => thread::sleep(pause),
        }
        pause = (2 * pause).min(LONGEST_PAUSE);
    }
    if let Some(f) = WHEN_LAST.get() {
        f();
    }
}
