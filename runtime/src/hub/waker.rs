//! A waker is the address of a task.
//!
//! It is not a counted reference: the slot of a task stays mapped forever, so a stale address can still be dereferenced.
//! Cloning and dropping a waker cost nothing, and a wait changes no counter. In exchange, a wake-up by a stale address is
//! lost, or is a spurious wakeup of the task that then uses the slot.
#![allow(unsafe_code)]

use std::ptr::{self, NonNull};
use std::task::{RawWaker, RawWakerVTable, Waker};

use super::core::Hub;
use super::current;
use super::observation::cause_here;
use super::remote::{Message, Remote};
use super::task::Address;
use super::task_table;
use crate::boundary;

impl Hub {
    /// Returns a waker of the running task, for use on any OS thread, at any time.
    #[inline]
    pub(crate) fn waker(&self) -> Waker {
        let running = self.core().running.get();
        // SAFETY: the functions of the table expect the data to be the address of a task. The slot of a task stays mapped
        // forever (task, invariant 1). The address is `Copy`, and `wake` may be called on any OS thread.
        unsafe { Waker::new(running.as_ptr().cast(), &TABLE) }
    }
}

static TABLE: RawWakerVTable = RawWakerVTable::new(
    |data| RawWaker::new(data, &TABLE),
    wake,
    wake,
    // An address is not counted.
    |_| (),
);

/// Wakes a task.
///
/// # Safety
///
/// `data` must be the address of a task, which may be stale.
unsafe fn wake(data: *const ()) {
    let _inside = boundary::enter();
    let task = NonNull::new(data.cast_mut().cast()).expect("no task is at address zero");
    // SAFETY: by the caller's contract.
    let owner: &'static Remote = unsafe { task_table::owner_of(task) };
    match current::current() {
        Some(hub) if ptr::eq(&raw const hub.remote, owner) => {
            hub.core().run_queue.wake(Address(task));
        }
        _ => owner.send(Message::Wake(Address(task), cause_here())),
    }
}
