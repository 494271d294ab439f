//! One green thread, as its hub schedules it.
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
//! 1. A task lives in a slot of its hub's table (`task_table`), and is alive from the spawn until it is `Free`. The
//!    slot outlives it: its memory stays mapped forever, and reads as `Free` until it is used again.
//! 2. A task is accessed on its hub's OS thread alone. Other threads hold a task's address only to send it to its hub's
//!    inbox. An address may be stale: the slot may have become free, or belong to another task. A wake-up by a stale
//!    address is lost, or is a spurious wakeup of that other task, which every wait tolerates.
//! 3. `context` is the saved context of the task unless the task is `New`, `Running` or `Free`.
//! 4. `stack` is set from the first run until the body has returned. The root has none.
#![allow(unsafe_code)]

use std::cell::Cell;
use std::ptr::NonNull;

use super::body::Body;
use super::timers::{Indexed, NOT_IN_HEAP};
use crate::coroutine::{Reservation, SavedContext, Size, Stack};

/// The state of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum State {
    /// No task: not spawned yet, or ended.
    Free = 0,
    /// In the run queue, once, without a stack.
    New,
    /// In the run queue, once.
    Ready,
    /// Running on its hub.
    Running,
    /// Woken while it ran: its next park returns at once.
    Notified,
    /// Suspended until it is woken.
    Waiting,
}

/// A green thread, or the root of a hub. It fills one cache line.
#[repr(align(64))]
pub(super) struct Task {
    pub(super) context: SavedContext,
    pub(super) stack: Cell<Option<Stack>>,
    /// The closure that the green thread runs, until it has started.
    pub(super) body: Cell<Option<Body>>,
    /// A pointer to the data that the layer above keeps on the green thread's stack. In a free slot, the next free one.
    pub(super) user_data: Cell<Option<NonNull<()>>>,
    /// The index of the task's deadline in the heap of timers.
    pub(super) timer: Cell<u32>,
    /// The number of panics of this task that greenpatch was notified of and that were not caught.
    pub(super) panics: Cell<u16>,
    pub(super) state: Cell<State>,
    /// The size of the stack that is reserved for the task until its body has returned. None is reserved for the root.
    pub(super) stack_size: Size,
}

#[cfg(all(target_pointer_width = "64", not(feature = "sanitizer")))]
const _: () = assert!(size_of::<Task>() == 64);

impl Task {
    /// Creates the root of a hub, which will run on the OS thread that enters the hub.
    pub(super) fn root() -> Self {
        Task {
            context: SavedContext::new(),
            stack: Cell::new(None),
            body: Cell::new(None),
            user_data: Cell::new(None),
            timer: Cell::new(NOT_IN_HEAP),
            panics: Cell::new(0),
            state: Cell::new(State::Waiting),
            stack_size: Size::SMALLEST,
        }
    }

    /// Creates a green thread that has not started.
    #[inline(always)]
    pub(super) fn new(stack: Reservation, body: Body) -> Self {
        Task {
            body: Cell::new(Some(body)),
            state: Cell::new(State::New),
            stack_size: stack.into_size(),
            ..Task::root()
        }
    }
}

/// The address of a task, for use on any OS thread. It may be stale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Address(pub(super) NonNull<Task>);

// SAFETY: by invariant 2 threads other than the hub's only pass the address on and read the owner, which is written
// before any address in the chunk is given away, and never changes (task_table, invariant 2).
unsafe impl Send for Address {}

impl Address {
    /// Returns the state of the task. Called on its hub's OS thread alone.
    #[inline]
    pub(super) fn state(self) -> &'static Cell<State> {
        // SAFETY: by invariant 1 the slot is mapped forever, and zeros are a state. A reference is made only to this
        // field.
        unsafe { &(*self.0.as_ptr()).state }
    }
}

impl Indexed for NonNull<Task> {
    fn set_index(self, index: u32) {
        // SAFETY: a task removes its timer before it returns from a park, so a task with a timer is alive.
        unsafe { self.as_ref() }.timer.set(index);
    }
}
