//! Catching a panic, to pass it on later, when somebody counts panics for each green thread.
#![forbid(unsafe_code)]

use std::any::Any;
use std::panic::{self, AssertUnwindSafe};
use std::sync::OnceLock;

static COUNTER: OnceLock<Counter> = OnceLock::new();

/// Who is told of panics.
#[derive(Clone, Copy)]
pub(crate) struct Counter {
    /// A panic of the running thread was caught.
    pub(crate) caught: fn(),
    /// It is about to go on.
    pub(crate) resumed: fn(),
}

/// Has panics counted.
pub(crate) fn count_panics_with(counter: Counter) {
    // The first one stays, and nobody gives another.
    let _ = COUNTER.set(counter);
}

/// Runs user code, and catches its panic.
pub(super) fn catch<R>(code: impl FnOnce() -> R) -> Result<R, Box<dyn Any + Send>> {
    panic::catch_unwind(AssertUnwindSafe(code)).inspect_err(|_| {
        if let Some(counter) = COUNTER.get() {
            (counter.caught)();
        }
    })
}

/// Passes a panic on.
pub(super) fn resume(payload: Box<dyn Any + Send>) -> ! {
    if let Some(counter) = COUNTER.get() {
        (counter.resumed)();
    }
    panic::resume_unwind(payload)
}
