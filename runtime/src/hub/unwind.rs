//! Which tasks unwind. std knows only that something on the OS thread does.
//!
//! While no task of the hub has been left in the middle of unwinding, what std says of the OS thread
//! is true of the task that runs, whoever panics or catches and however. Only while there is such a
//! neighbour does the count of the task's own panics decide, which the panic hook and the facade's
//! `catch_unwind` and `resume_unwind` keep.
#![forbid(unsafe_code)]

use std::thread;

use super::Hub;

/// Counts a task among those that were left while they unwound, until it runs again.
pub(super) struct Unwinding(&'static Hub);

impl Drop for Unwinding {
    fn drop(&mut self) {
        self.0.local().unwinding.update(|tasks| tasks - 1);
    }
}

impl Hub {
    /// Whether the task that runs unwinds.
    pub(crate) fn is_panicking(&self) -> bool {
        if !thread::panicking() {
            return false;
        }
        self.local().unwinding.get() == 0 || self.running().panics.get() > 0
    }

    /// Counts a panic of the task that runs.
    pub(crate) fn panicked(&self) {
        self.running()
            .panics
            .update(|panics| panics.saturating_add(1));
    }

    /// Takes note that the task that runs has caught a panic.
    pub(crate) fn caught(&self) {
        self.running()
            .panics
            .update(|panics| panics.saturating_sub(1));
    }

    /// To be called when the task that runs is about to be left, with whether something on this OS thread panics.
    /// What it returns is to be dropped when the task runs again.
    #[inline]
    pub(super) fn note_unwinding(&'static self, panicking: bool) -> Option<Unwinding> {
        if !panicking {
            // Nothing unwinds here, so what was counted has been caught, perhaps out of our sight.
            self.running().panics.set(0);
            return None;
        }
        if !self.is_panicking() {
            return None;
        }
        self.local().unwinding.update(|tasks| tasks + 1);
        Some(Unwinding(self))
    }
}
