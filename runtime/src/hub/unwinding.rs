//! Which tasks are unwinding. std knows this only of the whole OS thread.
//!
//! While no task of the hub is suspended in the middle of unwinding, std's answer for the OS thread is right for the
//! running task, wherever a panic starts or is caught. While there is such a task, the number of the running task's
//! panics decides instead. The panic hook and the facade's `catch_unwind` and `resume_unwind` count these.
#![forbid(unsafe_code)]

use std::cell::Cell;
use std::thread;

use super::task::Task;

/// The number of tasks of a hub that are suspended in the middle of unwinding.
pub(super) struct Unwinding(Cell<usize>);

/// A guard that counts a task as suspended in the middle of unwinding until it is dropped.
pub(super) struct LeftUnwinding<'a>(&'a Unwinding);

impl Unwinding {
    pub(super) const fn new() -> Self {
        Unwinding(Cell::new(0))
    }

    /// Returns true if the running task is unwinding.
    pub(super) fn is_panicking(&self, running: &Task) -> bool {
        if !thread::panicking() {
            return false;
        }
        self.0.get() == 0 || running.panics.get() > 0
    }

    /// Called when the running task is about to be suspended; `panicking` is true if this OS thread is panicking. The
    /// returned guard is dropped when the task runs again.
    #[inline]
    pub(super) fn leave(&self, running: &Task, panicking: bool) -> Option<LeftUnwinding<'_>> {
        if !panicking {
            // Nothing unwinds here, so every counted panic has been caught, perhaps by code that is not patched.
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
