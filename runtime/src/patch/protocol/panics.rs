//! Catches a panic to resume it later, and notifies the scheduler, which counts panics for each green thread.
#![forbid(unsafe_code)]

use std::any::Any;
use std::panic::{self, AssertUnwindSafe};

use crate::patch::table::scheduler;

/// Runs user code and catches its panic.
pub(super) fn catch<R>(code: impl FnOnce() -> R) -> Result<R, Box<dyn Any + Send>> {
    panic::catch_unwind(AssertUnwindSafe(code)).inspect_err(|_| {
        if let Some(scheduler) = scheduler::get() {
            (scheduler.panic_caught)();
        }
    })
}

/// Resumes a panic.
pub(super) fn resume(payload: Box<dyn Any + Send>) -> ! {
    if let Some(scheduler) = scheduler::get() {
        (scheduler.panic_resumed)();
    }
    panic::resume_unwind(payload)
}
