//! Sleeping.

use std::time::Duration;

use crate::seam::time as seam;

/// Blocks the current thread, native or green, for at least `duration`.
///
/// Once patched, other green threads run in the meantime. A green thread that sleeps for a zero duration yields.
///
/// # Examples
///
/// ```
/// use greenpatch::thread;
/// use std::time::{Duration, Instant};
///
/// let before = Instant::now();
/// thread::sleep(Duration::from_millis(2));
/// assert!(before.elapsed() >= Duration::from_millis(2));
/// ```
pub fn sleep(duration: Duration) {
    seam::sleep(duration);
}

/// Blocks like [`sleep`], with a duration in milliseconds.
#[deprecated(note = "replaced by `thread::sleep`")]
pub fn sleep_ms(milliseconds: u32) {
    sleep(Duration::from_millis(milliseconds.into()));
}
