//! `park` and `unpark`: one token a thread.
//!
//! | | EMPTY | NOTIFIED | PARKED |
//! | --- | --- | --- | --- |
//! | park, on entering | becomes PARKED, waits | becomes EMPTY, returns | not possible |
//! | park, when its wait has ended | not possible | becomes EMPTY, returns | becomes EMPTY, returns: timed out |
//! | unpark | becomes NOTIFIED | stays | becomes NOTIFIED, wakes |
//!
//! Unpark stores with release and park takes with acquire, so what was done before the unpark is
//! seen after the park.

use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::time::{Duration, Instant};

use crate::seam::context;
use crate::seam::thread as seam;
use crate::thread_state::identity::Identity;
use crate::wait::wait_while::{wait_while, wake_all};

const EMPTY: u32 = 0;
const NOTIFIED: u32 = 1;
const PARKED: u32 = 2;

/// Blocks the current thread, native or green, until its token is made available.
///
/// It may return for no reason, as in std.
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
pub fn park() {
    park_until(None);
}

/// Blocks as [`park`] does, but for no longer than about `duration`.
///
/// # Examples
///
/// ```
/// use greenpatch::thread;
/// use std::time::Duration;
///
/// thread::park_timeout(Duration::from_millis(1));
/// ```
pub fn park_timeout(duration: Duration) {
    park_until(Instant::now().checked_add(duration));
}

/// Blocks as [`park_timeout`] does, for a number of milliseconds.
#[deprecated(note = "replaced by `thread::park_timeout`")]
pub fn park_timeout_ms(milliseconds: u32) {
    park_timeout(Duration::from_millis(milliseconds.into()));
}

/// Blocks until the token is there or `deadline` has passed; none is as far away as never.
fn park_until(deadline: Option<Instant>) {
    let identity = context::identity();
    let token = &identity.token;
    if token
        .compare_exchange(NOTIFIED, EMPTY, Acquire, Relaxed)
        .is_ok()
    {
        return;
    }
    // Only this thread takes its token, so it can only have become NOTIFIED since.
    if token
        .compare_exchange(EMPTY, PARKED, Relaxed, Relaxed)
        .is_ok()
    {
        wait_while(seam::park, token, deadline, || {
            token.load(Relaxed) == PARKED
        });
    }
    token.swap(EMPTY, Acquire);
}

/// Makes the token of a thread available.
pub(super) fn unpark(identity: &Identity) {
    if identity.token.swap(NOTIFIED, Release) == PARKED {
        wake_all(&identity.token);
    }
}
