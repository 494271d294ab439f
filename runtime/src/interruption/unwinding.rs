//! The unwinding of the current thread out of a wait that was interrupted.
#![forbid(unsafe_code)]

use std::any::Any;
use std::panic;

use super::Current;
use crate::seam::{thread, unwind};
use crate::wait::interrupts::{Due, Next};
use crate::wait::payload::{Cancelled, is_of_an_interrupt};

/// Unwinds out of a wait that was interrupted.
#[cold]
#[inline(never)]
pub(crate) fn unwind() -> ! {
    let due = match Current::get().interrupts().next() {
        Next::Now(due) => due,
        _ => unreachable!("what has interrupted a wait stays due"),
    };
    let payload: Box<dyn Any + Send> = match due {
        Due::Cancelled { again } => {
            if again {
                // Code that catches the unwinding and waits again, in a loop, does not keep others from running.
                thread::yield_now();
            }
            Box::new(Cancelled)
        }
        Due::Elapsed(elapsed) => Box::new(elapsed),
    };
    Current::get().interrupts().begin_to_unwind(Some(due));
    unwind::panicked();
    panic::resume_unwind(payload)
}

/// Resumes an unwinding that was caught.
pub(crate) fn resume(payload: Box<dyn Any + Send>) -> ! {
    if is_of_an_interrupt(&*payload) {
        Current::get().interrupts().begin_to_unwind(None);
    }
    unwind::panicked();
    panic::resume_unwind(payload)
}

/// Notes that the current thread has caught an unwinding.
pub(crate) fn caught() {
    unwind::caught();
    Current::get().interrupts().end_unwinding();
}

/// Notes that the current thread begins to panic, so that it has caught an earlier unwinding.
pub(crate) fn begins_to_panic() {
    Current::get().interrupts().end_unwinding();
}

/// Returns whether the current thread unwinds because it panics, and not because a wait was interrupted: what it leaves
/// half done is to be marked as such.
#[inline]
pub(crate) fn poisons() -> bool {
    unwind::is_panicking() && !is_unwinding()
}

/// Returns whether the current thread, which unwinds, does so because a wait was interrupted.
#[cold]
pub(crate) fn is_unwinding() -> bool {
    Current::get().interrupts().is_unwinding()
}
