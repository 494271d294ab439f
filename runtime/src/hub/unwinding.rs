//! Which tasks unwind. std knows only that something on the OS thread does.
//!
//! While no task of the hub was left in the middle of unwinding, what std says of the OS thread is true of the
//! running task, wherever a panic starts or is caught. Only while there is such a task does the count of the running
//! task's own panics decide, which the panic hook and the facade's `catch_unwind` and `resume_unwind` keep.
#![forbid(unsafe_code)]

use std::cell::Cell;
use std::thread;

use super::task::Task;

/// How many tasks of a hub were left in the middle of unwinding.
pub(super) struct Unwinding(Cell<usize>);

/// Counts a task as left in the middle of unwinding until it runs again.
pub(super) struct LeftUnwinding<'a>(&'a Unwinding);

impl Unwinding {
    pub(super) const fn new() -> Self {
        Unwinding(Cell::new(0))
    }

    /// Returns true if the running task unwinds.
    pub(super) fn is_panicking(&self, running: &Task) -> bool {
        if !thread::panicking() {
            return false;
        }
        self.0.get() == 0 || running.panics.get() > 0
    }

    /// Takes note that the running task is about to be left; `panicking` says whether something on this OS thread
    /// panics. The guard is to be dropped when the task runs again.
    #[inline]
    pub(super) fn leave(&self, running: &Task, panicking: bool) -> Option<LeftUnwinding<'_>> {
        if !panicking {
            // Nothing unwinds here, so what was counted has been caught, perhaps by code that is not patched.
            running.panics.set(0);
            return None;
        }
        if !self.is_panicking(running) {
            return None;
        }
        self.0.update(|tasks| tasks + 1);
        Some(LeftUnwinding(self))
    }
}

impl Drop for LeftUnwinding<'_> {
    fn drop(&mut self) {
        self.0.0.update(|tasks| tasks - 1);
    }
}
