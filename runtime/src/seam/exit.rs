//! Ending the process.
//!
//! As in std, the first thread that exits decides the status, a later one blocks until the end, and a re-entrant call
//! of the first one aborts. std identifies threads by OS thread, which green threads share; here they are identified by
//! their number.

use std::convert::Infallible;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::task::Waker;
use std::thread;

use super::context;
use crate::boundary;
use crate::patchable;

/// The number of no thread.
const NONE: u64 = 0;

/// The number of the thread that ends the process.
static EXITING: AtomicU64 = AtomicU64::new(NONE);

/// The status, once that thread has nothing left to do but to end the process.
static STATUS: Mutex<Status> = Mutex::new(Status {
    code: None,
    waiting: None,
});

struct Status {
    code: Option<i32>,
    /// The waker of a thread that ends the process instead.
    waiting: Option<Waker>,
}

/// The position of a thread that exits among those that do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Claim {
    /// The first one, which ends the process.
    First,
    /// The first one, in a re-entrant call.
    Again,
    /// A later one.
    Late,
}

/// Ends the process.
#[patchable]
pub(crate) fn exit(code: i32) -> Infallible {
    if claim() == Claim::Late {
        wait_for_the_end();
    }
    if let Some(instead) = publish(code) {
        // The other thread was at its end before this one, so std would block this one.
        instead.wake();
        wait_for_the_end();
    }
    std::process::exit(code)
}

/// Makes the current thread the one that ends the process, if there is none yet.
pub(crate) fn claim() -> Claim {
    let this = context::number().get();
    // Relaxed, here and below: no other memory is read because of a number that is found.
    match EXITING.compare_exchange(NONE, this, Ordering::Relaxed, Ordering::Relaxed) {
        Ok(_) => Claim::First,
        Err(first) if first == this => Claim::Again,
        Err(_) => Claim::Late,
    }
}

/// Makes the current OS thread the one that ends the process, in place of the one that was.
pub(crate) fn take_over() {
    EXITING.store(context::number().get(), Ordering::Relaxed);
}

/// Publishes the status: there is nothing left to do but to end the process. Returns the waker of the thread that does so
/// instead, if there is one.
#[must_use = "a thread that is not woken waits forever"]
pub(crate) fn publish(code: i32) -> Option<Waker> {
    let _inside = boundary::enter();
    let mut status = STATUS.lock().unwrap_or_else(PoisonError::into_inner);
    status.code.get_or_insert(code);
    status.waiting.take()
}

/// Returns the status that the process ends with, if it has been published; otherwise registers `waker` for it.
pub(crate) fn status_or_wake(waker: Waker) -> Option<i32> {
    let _inside = boundary::enter();
    let mut status = STATUS.lock().unwrap_or_else(PoisonError::into_inner);
    if status.code.is_none() {
        status.waiting = Some(waker);
    }
    status.code
}

/// Blocks the OS thread until the process has ended.
pub(crate) fn wait_for_the_end() -> ! {
    loop {
        #[expect(clippy::disallowed_methods, reason = "another thread ends the process")]
        thread::park();
    }
}
