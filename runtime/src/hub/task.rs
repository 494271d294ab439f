//! One green thread as its hub sees it.
//!
//! ```text
//!            spawn              taken from the queue           body returned
//!   Free ────────▶ New ─────────────────────────▶ Running ────────────────▶ Free
//!                                     ┌────────────▲ │ │
//!                                   Ready            │ │ yields
//!                                     ▲  woken, or   │ │
//!                                     │  deadline    │ │
//!                                     ├───── Waiting ┘ │
//!                                     │        parks   │
//!                                     └────────────────┘
//! ```
//!
//! Invariants:
//! 1. A task lives in a record of its hub (`records`), and is alive from the spawn until it is `Free`. The
//!    record outlives it: its memory stays mapped for ever, and reads as `Free` until it is used again.
//! 2. A task is touched on its hub's OS thread alone. Other threads hold a task's address only to send it to
//!    its hub's inbox. An address may be stale: the record may have become free, or another task's. A wake-up
//!    by a stale address is lost, or wakes that other for no reason, which every wait bears.
//! 3. `context` says where the task was left unless it is `New`, `Running` or `Free`.
//! 4. `stack` is there from the first run until the body has returned; the root has none.
#![allow(unsafe_code)]

use std::cell::Cell;
use std::ptr::NonNull;
use std::task::{RawWaker, RawWakerVTable, Waker};

use super::job::Job;
use super::{Hub, Message, current, records};
use crate::coroutine::{Context, Promise, Size, Stack};
use crate::hub::timers::Placed;

/// Where a task stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum State {
    /// Nobody's: not spawned yet, or ended.
    Free = 0,
    /// In the run queue, once, without a stack.
    New,
    /// In the run queue, once.
    Ready,
    /// The one that runs on its hub.
    Running,
    /// Woken while it ran: its next park returns at once.
    Notified,
    /// Suspended until it is woken.
    Waiting,
}

/// A green thread, or the root of a hub. It fills one line of the processor's cache.
#[repr(align(64))]
pub(super) struct Task {
    pub(super) context: Context,
    pub(super) stack: Cell<Option<Stack>>,
    /// What has not started yet.
    pub(super) job: Cell<Option<Job>>,
    /// What the layer above keeps for the green thread, on its stack.
    pub(super) kept: Cell<Option<NonNull<()>>>,
    /// Where in the heap of timers its deadline is.
    pub(super) timer: Cell<u32>,
    /// Panics of this task that nobody has caught, as far as greenpatch was told.
    pub(super) panics: Cell<u16>,
    pub(super) state: Cell<State>,
    /// The stack that was promised to it, and is promised until its body has returned. Not so of the root.
    pub(super) promised: Size,
}

#[cfg(all(target_pointer_width = "64", not(feature = "sanitizer")))]
const _: () = assert!(size_of::<Task>() == 64);

impl Task {
    /// The root of a hub, on the OS thread that is to enter it.
    pub(super) fn root() -> Self {
        Task {
            context: Context::new(),
            stack: Cell::new(None),
            job: Cell::new(None),
            kept: Cell::new(None),
            timer: Cell::new(super::timers::NOWHERE),
            panics: Cell::new(0),
            state: Cell::new(State::Waiting),
            promised: Size::SMALLEST,
        }
    }

    /// A green thread that has not started.
    pub(super) fn new(promise: Promise, job: Job) -> Self {
        Task {
            job: Cell::new(Some(job)),
            state: Cell::new(State::New),
            promised: promise.into_size(),
            ..Task::root()
        }
    }
}

/// Names a task on any OS thread. It may be stale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Address(pub(super) NonNull<Task>);

// SAFETY: by invariant 2 other threads than the hub's only hand it on; and they ask for the hub, which is
// written before any address of the record is given away, and never changes.
unsafe impl Send for Address {}

impl Address {
    /// What wakes the task, from any OS thread, at any time.
    #[inline]
    pub(super) fn waker(self) -> Waker {
        // SAFETY: the functions of the table take what is here for an address, whose record lives for ever;
        // it is `Copy`, and `wake` may be called on any OS thread.
        unsafe { Waker::new(self.0.as_ptr().cast(), &TABLE) }
    }

    /// Where the task stands. On its hub alone.
    #[inline]
    pub(super) fn state(self) -> &'static Cell<State> {
        // SAFETY: by invariant 1 the record is mapped for ever, and zeros are a state. No reference is made but
        // to this field.
        unsafe { &(*self.0.as_ptr()).state }
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
/// `data` is the address of a record.
unsafe fn wake(data: *const ()) {
    let address = NonNull::new(data.cast_mut().cast()).expect("no record is at address zero");
    // SAFETY: by the caller's promise.
    let hub: &'static Hub = unsafe { records::hub_of(address) };
    let address = Address(address);
    if current::is(hub) {
        hub.make_ready(address);
    } else {
        hub.send(Message::Wake(address));
    }
}

impl Placed for NonNull<Task> {
    fn set_place(self, place: u32) {
        // SAFETY: a task takes its timer out before it goes on, so one that has a timer is alive.
        unsafe { self.as_ref() }.timer.set(place);
    }
}
