//! Interrupting the waits of a task: what its thread is told on its hub, and by code that runs there.
#![allow(unsafe_code)]

use std::os::unix::thread::RawPthread;
use std::ptr::{self, NonNull};
use std::time::Instant;

use super::core::Hub;
use super::task::{Address, State, Task};
use super::task_table;
use crate::wait::interrupts::{Interrupts, Next};

impl Hub {
    /// Returns what ends a wait of the running task early. Nothing does while it unwinds.
    #[cold]
    pub(crate) fn next_interrupt(&self, interrupts: &Interrupts) -> Next {
        if self.is_panicking() {
            return Next::Nothing;
        }
        interrupts.next()
    }

    /// Blocks the running task as [`park`](Hub::park) does, but not beyond the time of an interrupt. Returns true if one is
    /// due, without having blocked.
    #[cold]
    #[inline(never)]
    pub(crate) fn park_interruptibly(
        &'static self,
        interrupts: &Interrupts,
        deadline: Option<Instant>,
    ) -> bool {
        match self.next_interrupt(interrupts) {
            Next::Nothing => self.park(deadline),
            Next::At(time) => {
                self.park(Some(deadline.map_or(time, |deadline| deadline.min(time))));
            }
            Next::Now(_) => return true,
        }
        false
    }

    /// Returns the place of the running task, which means something to this hub alone.
    #[inline]
    pub(crate) fn place(&self) -> NonNull<()> {
        self.core().running.get().cast()
    }

    /// Returns true if the place is one of this hub.
    ///
    /// # Safety
    ///
    /// Some hub's [`place`](Hub::place) has returned the place.
    pub(crate) unsafe fn has_place(&self, place: NonNull<()>) -> bool {
        // SAFETY: it is the address of a task, which may be stale.
        let owner = unsafe { task_table::owner_of(place.cast()) };
        ptr::eq(owner, &raw const self.remote)
    }

    /// Returns the pointer that the layer above has stored for the task at a place. None if there is no such task, if it has
    /// not started, or if it is another hub's. The task may be another one than that whose place it was.
    ///
    /// # Safety
    ///
    /// Some hub's [`place`](Hub::place) has returned the place.
    pub(crate) unsafe fn user_data_at(&self, place: NonNull<()>) -> Option<NonNull<()>> {
        // SAFETY: by the caller's contract.
        if !unsafe { self.has_place(place) } {
            return None;
        }
        let task: NonNull<Task> = place.cast();
        match Address(task).state().get() {
            State::Free | State::New => None,
            // SAFETY: the task is alive.
            _ => unsafe { task.as_ref() }.user_data.get(),
        }
    }

    /// Wakes the task at a place of this hub, as a waker of it does.
    pub(crate) fn wake_at(&self, place: NonNull<()>) {
        self.core().run_queue.wake(Address(place.cast()));
    }
}

/// Returns the OS thread of the hub whose place it is. On any OS thread.
///
/// # Safety
///
/// Some hub's [`place`](Hub::place) has returned the place.
pub(crate) unsafe fn os_thread_of(place: NonNull<()>) -> RawPthread {
    // SAFETY: it is the address of a task, which may be stale.
    unsafe { task_table::owner_of(place.cast()) }.os_thread()
}
