//! Waiting for an object of pthreads that can be tried.
#![forbid(unsafe_code)]

use std::cell::Cell;
use std::ffi::c_int;
use std::time::{Duration, Instant};

use super::deadline::Deadline;
use crate::wait::park::{Outcome, Wait};
use crate::wait::sleepers::{ANY, Sleeper};

/// A patch point that lets other green threads run while the calling one waits, or returns none if it must not.
pub(super) type Seam = fn(&Wait<'_>) -> Option<Outcome>;

/// The time after which an object is tried again although nothing has woken the waiter. It doubles each time.
///
/// libc may release an object without calling a function that is defined here: in a native thread's wait for a condition
/// variable, or in another process.
const SHORTEST: Duration = Duration::from_millis(2);
const LONGEST: Duration = Duration::from_millis(100);

/// Waits at `address` on a green thread until `attempt` returns something else than [`libc::EBUSY`], and returns that, or
/// [`libc::ETIMEDOUT`]. None if this thread must wait natively.
///
/// `attempt` must not call a function that is defined here.
pub(super) fn wait_for(
    seam: Seam,
    address: usize,
    deadline: Option<Deadline>,
    attempt: &dyn Fn() -> c_int,
) -> Option<c_int> {
    let result = Cell::new(libc::EBUSY);
    let must_wait = || {
        result.set(attempt());
        result.get() == libc::EBUSY
    };
    let sleeper = Sleeper::new(address, ANY, &must_wait);
    let mut pause = SHORTEST;
    loop {
        let next = Instant::now() + pause;
        let until = deadline.and_then(|deadline| deadline.instant());
        let until = until.map_or(next, |until| until.min(next));
        match seam(&Wait::new(&sleeper, Some(until)))? {
            Outcome::Ready => return Some(result.get()),
            // The wait is not interruptible: C code cannot be unwound.
            Outcome::Woken | Outcome::Interrupted => pause = SHORTEST,
            Outcome::TimedOut if deadline.is_some_and(|deadline| deadline.has_passed()) => {
                // It may have been released in the meantime.
                return Some(match attempt() {
                    libc::EBUSY => libc::ETIMEDOUT,
                    result => result,
                });
            }
            Outcome::TimedOut => pause = (2 * pause).min(LONGEST),
        }
    }
}
