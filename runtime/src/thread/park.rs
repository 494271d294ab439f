//! `park` and `unpark`: one token for each thread.
//!
//! | | EMPTY | NOTIFIED | PARKED |
//! | --- | --- | --- | --- |
//! | `park` is called | becomes PARKED, blocks | becomes EMPTY, returns | not possible |
//! | the wait of `park` ends | not possible | becomes EMPTY, returns | becomes EMPTY, returns: timed out; or unwinds: interrupted |
//! | `unpark` is called | becomes NOTIFIED | no change | becomes NOTIFIED, wakes the thread |
//!
//! `unpark` stores with release and `park` takes the token with acquire, so everything before the `unpark` is visible
//! after the `park`.

use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::time::{Duration, Instant};

use crate::interruption;
use crate::seam::context;
use crate::seam::thread as seam;
use crate::thread_state::identity::Identity;
use crate::wait::park::Outcome;
use crate::wait::reason::Kind;
use crate::wait::wait_while::{wait_while_interruptible, wake_all};

const EMPTY: u32 = 0;
const NOTIFIED: u32 = 1;
const PARKED: u32 = 2;

/// Blocks the current thread, native or green, until its token is made available.
///
/// Spurious wakeups are possible, as in std.
///
/// # Differences from std
///
/// The token is set by greenpatch's [`Thread::unpark`](super::Thread::unpark), not by std's.
///
/// # Examples
///
/// ```
/// use greenpatch::thread;
///
/// thread::current().unpark();
/// thread::park();
/// ```
#[track_caller]
pub fn park() {
    park_until(None);
}

/// Blocks like [`park`], but for about `duration` at most.
///
/// # Examples
///
/// ```
/// use greenpatch::thread;
/// use std::time::Duration;
///
/// thread::park_timeout(Duration::from_millis(1));
/// ```
#[track_caller]
pub fn park_timeout(duration: Duration) {
    park_until(Instant::now().checked_add(duration));
}

/// Blocks like [`park_timeout`], with a duration in milliseconds.
#[deprecated(note = "replaced by `thread::park_timeout`")]
#[track_caller]
pub fn park_timeout_ms(milliseconds: u32) {
    park_timeout(Duration::from_millis(milliseconds.into()));
}

/// Blocks until the token is available, or until `deadline`; without a time-out if it is `None`.
#[track_caller]
fn park_until(deadline: Option<Instant>) {
    let identity = context::identity();
    let token = &identity.token;
    if token
        .compare_exchange(NOTIFIED, EMPTY, Acquire, Relaxed)
        .is_ok()
    {
        return;
    }
    // Only this thread takes its token, so the exchange can fail only if the token has become NOTIFIED.
    if token
        .compare_exchange(EMPTY, PARKED, Relaxed, Relaxed)
        .is_ok()
    {
        let outcome = wait_while_interruptible(seam::park, Kind::Park, token, deadline, || {
            token.load(Relaxed) == PARKED
        });
        // If the token has become available since, it is taken, and the thread unwinds from its next wait.
        if outcome == Outcome::Interrupted
            && token
                .compare_exchange(PARKED, EMPTY, Relaxed, Relaxed)
                .is_ok()
        {
            interruption::unwind();
        }
    }
    token.swap(EMPTY, Acquire);
}

/// Makes the token of a thread available.
pub(super) fn unpark(identity: &Identity) {
    if identity.token.swap(NOTIFIED, Release) == PARKED {
        wake_all(&identity.token);
    }
}
