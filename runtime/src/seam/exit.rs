//! Ending the process.
//!
//! As in std the first thread that asks for it decides the status, a later one waits for the end, and the
//! first one that asks again aborts. std tells its threads apart by OS thread, and so knows nothing of green
//! ones; here they go by their numbers.

use std::convert::Infallible;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::task::Waker;
use std::thread;

use super::context;
use crate::patchable;

/// No thread's number.
const NONE: u64 = 0;

/// The number of the thread that ends the process.
static EXITING: AtomicU64 = AtomicU64::new(NONE);

/// The status, once that thread has nothing left to do.
static STATUS: Mutex<Status> = Mutex::new(Status {
    code: None,
    waiting: None,
});

struct Status {
    code: Option<i32>,
    /// Wakes a thread that is to end the process instead.
    waiting: Option<Waker>,
}

/// What a thread that wants to end the process is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Claim {
    /// The one that does.
    First,
    /// The one that does, asking once more.
    Again,
    /// Another.
    Late,
}

/// Ends the process. What is returned is never made.
#[patchable]
pub(crate) fn exit(code: i32) -> Infallible {
    if claim() == Claim::Late {
        wait_for_the_end();
    }
    if let Some(instead) = publish(code) {
        // It was at its end before this, so std would block this one.
        instead.wake();
        wait_for_the_end();
    }
    std::process::exit(code)
}

/// Makes the thread that runs the one that ends the process, if there is none yet.
pub(crate) fn claim() -> Claim {
    let this = context::number().get();
    // Relaxed, here and below: nothing else is read for a number that is found.
    match EXITING.compare_exchange(NONE, this, Ordering::Relaxed, Ordering::Relaxed) {
        Ok(_) => Claim::First,
        Err(first) if first == this => Claim::Again,
        Err(_) => Claim::Late,
    }
}

/// Makes the OS thread that runs the one that ends the process, in place of the one that was it.
pub(crate) fn take_over() {
    EXITING.store(context::number().get(), Ordering::Relaxed);
}

/// Says that there is nothing left to do but to end the process; returns what wakes the thread that is to do so
/// instead, if there is one.
#[must_use = "a thread that is not woken waits for ever"]
pub(crate) fn publish(code: i32) -> Option<Waker> {
    let mut status = STATUS.lock().unwrap_or_else(PoisonError::into_inner);
    status.code.get_or_insert(code);
    status.waiting.take()
}

/// The status that the process is to end with, if that is known; else leaves what wakes the caller then.
pub(crate) fn status_or_wake(waker: Waker) -> Option<i32> {
    let mut status = STATUS.lock().unwrap_or_else(PoisonError::into_inner);
    if status.code.is_none() {
        status.waiting = Some(waker);
    }
    status.code
}

/// Blocks the OS thread until the process has ended.
pub(crate) fn wait_for_the_end() -> ! {
    loop {
        #[expect(clippy::disallowed_methods, reason = "others end the process")]
        thread::park();
    }
}
