//! What the scheduler above the table does for it, known once green threads can run.
#![forbid(unsafe_code)]

use std::fmt;
use std::sync::OnceLock;

use super::scope_list::ScopeHandle;

static SCHEDULER: OnceLock<Scheduler> = OnceLock::new();

/// The functions of the scheduler that the table and the protocol call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scheduler {
    /// Returns the scope that the running thread is in; natively, what [`native_current`](super::scope::native_current)
    /// returns.
    pub(crate) current_scope: fn() -> ScopeHandle,
    /// Sets that scope and returns the previous one; natively, by [`native_replace`](super::scope::native_replace).
    pub(crate) replace_scope: fn(ScopeHandle) -> ScopeHandle,
    /// Returns the number of green threads that have not ended.
    pub(crate) green_threads: fn() -> usize,
    /// Notes that a panic of the running thread was caught.
    pub(crate) panic_caught: fn(),
    /// Notes that a panic of the running thread is about to resume.
    pub(crate) panic_resumed: fn(),
    /// Notes in the trace, if there is one, what was just patched or restored.
    pub(crate) note: fn(&dyn fmt::Display),
    /// Calls a function, during which nothing from outside of it ends a wait of the running thread early.
    pub(crate) shielded: fn(&mut dyn FnMut()),
}

/// Sets the scheduler. The first call counts.
pub(crate) fn set_scheduler(scheduler: Scheduler) {
    // There is one scheduler, so a second call could only set the same.
    let _ = SCHEDULER.set(scheduler);
}

/// Notes in the trace, if there is one, what was just patched or restored.
pub(crate) fn note(what: fmt::Arguments<'_>) {
    if let Some(scheduler) = get() {
        (scheduler.note)(&what);
    }
}

/// Returns the scheduler, or `None` if no green thread can exist yet.
#[inline]
pub(crate) fn get() -> Option<&'static Scheduler> {
    SCHEDULER.get()
}
