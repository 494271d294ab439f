//! [`timeout`].
#![forbid(unsafe_code)]

use std::panic::{self, AssertUnwindSafe};
use std::time::Duration;

use super::TimeoutError;
use crate::interruption::{self, Timed};
use crate::panic_strategy;
use crate::seam::interrupt;

/// Calls `f`, and returns what it returns, but ends its waits once `duration` has elapsed.
///
/// The current thread, which is a green thread or the root, then unwinds out of the wait in which it is, or else out of the
/// next one that would block, up to this call: destructors run, and no panic is reported. No lock that is released on the
/// way is poisoned. The payload is [`Elapsed`](crate::Elapsed), for code in between that catches panics.
///
/// If `f` returns, its result is returned, however late that is. A wait that has completed is not undone, and the places
/// where a thread is not interrupted are those listed at [`Cancel::cancel`](crate::Cancel::cancel). In particular `f` is not
/// stopped while it computes. Threads that `f` has spawned go on, unless a `thread::scope` in `f` waits for them: it cancels
/// them.
///
/// Time-outs nest. If several have elapsed, the thread unwinds to the outermost one.
///
/// # Errors
///
/// If the time has elapsed ([`is_elapsed`](TimeoutError::is_elapsed)). If a wait of the current thread cannot be interrupted,
/// since it is a native thread, or the program's panics abort; then `f` is not called
/// ([`is_unsupported`](TimeoutError::is_unsupported)).
///
/// # Panics
///
/// If `f` panics.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// use greenpatch::{sync::mpsc, timeout};
///
/// greenpatch::patch_thread().unwrap();
/// let (sender, receiver) = mpsc::channel::<u8>();
/// let late = timeout(Duration::from_millis(1), || receiver.recv());
/// assert!(late.unwrap_err().is_elapsed());
/// sender.send(7).unwrap();
/// let received = timeout(Duration::from_secs(60), || receiver.recv());
/// assert_eq!(received, Ok(Ok(7)));
/// ```
pub fn timeout<T>(duration: Duration, f: impl FnOnce() -> T) -> Result<T, TimeoutError> {
    if panic_strategy::is_abort() {
        return Err(TimeoutError::PANICS_ABORT);
    }
    if !interrupt::is_possible() {
        return Err(TimeoutError::NATIVE);
    }
    let timed = Timed::enter(duration);
    let payload = match panic::catch_unwind(AssertUnwindSafe(f)) {
        Ok(result) => return Ok(result),
        Err(payload) => payload,
    };
    interruption::caught();
    let is_ours = timed.is_of(&*payload);
    drop(timed);
    if is_ours {
        return Err(TimeoutError::ELAPSED);
    }
    interruption::resume(payload)
}
