//! One green thread as its hub sees it.
//!
//! ```text
//!            spawn                    popped                 body returned
//!   (none) ────────▶ Ready ─────────────────────▶ Running ────────────────▶ Finished
//!                      ▲                           │   │
//!                      │  woken, or deadline       │   │ yields
//!                      ├───────────── Waiting ◀────┘   │
//!                      │                       parks   │
//!                      └───────────────────────────────┘
//! ```
//!
//! Invariants:
//! 1. Every task lives in an `Arc`. Its hub holds one reference from the spawn until the task is
//!    `Finished`; so a task that is `Ready`, `Running` or `Waiting` is alive.
//! 2. All fields but `hub` are touched on the hub's OS thread alone. Other threads hold a task only
//!    to send it to its hub's inbox.
//! 3. `suspender` and `context` point into the task's own stack, are set by the code that runs there,
//!    and are used by code that runs there.
#![allow(unsafe_code)]

use std::cell::{Cell, UnsafeCell};
use std::ptr::NonNull;
use std::sync::Arc;
use std::task::{Wake, Waker};

use super::{Hub, current};
use crate::coroutine::{Coroutine, Reservation, Suspender};

/// What a green thread is to run, and the promise of its stack. It can still move between threads.
pub(crate) struct Job {
    pub(super) body: Box<dyn FnOnce() + Send>,
    pub(super) stack: Reservation,
}

impl Job {
    /// A green thread that will run `body` on the stack that was set aside. `body` must not unwind.
    pub(crate) fn new(stack: Reservation, body: Box<dyn FnOnce() + Send>) -> Self {
        Job { body, stack }
    }
}

/// Where a task stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// In the run queue, once.
    Ready,
    /// The one that runs on its hub.
    Running,
    /// Woken while it ran: its next park returns at once.
    Notified,
    /// Suspended until it is woken.
    Waiting,
    /// Its body has returned.
    Finished,
}

/// A green thread, or the root of a hub.
pub(crate) struct Task {
    pub(super) hub: &'static Hub,
    pub(super) state: Cell<State>,
    /// What has not started yet.
    pub(super) job: Cell<Option<Job>>,
    /// What has started; the root has none.
    pub(super) coroutine: UnsafeCell<Option<Coroutine>>,
    pub(super) suspender: Cell<Option<NonNull<Suspender>>>,
    /// What the layer above keeps for the green thread, on its stack.
    pub(super) context: Cell<Option<NonNull<()>>>,
    /// Panics of this task that nobody has caught, as far as greenpatch was told.
    pub(super) panics: Cell<u32>,
}

// SAFETY: by invariant 2 another thread touches `hub` alone, which is `Sync`, and the reference count;
// the last reference is dropped on any thread only when the task is `Finished`, and then job,
// coroutine and pointers are gone (`Hub::finish`).
unsafe impl Send for Task {}
// SAFETY: as for `Send`.
unsafe impl Sync for Task {}

impl Task {
    pub(super) fn new(hub: &'static Hub, job: Option<Job>) -> Arc<Task> {
        Arc::new(Task {
            hub,
            state: Cell::new(State::Ready),
            job: Cell::new(job),
            coroutine: UnsafeCell::new(None),
            suspender: Cell::new(None),
            context: Cell::new(None),
            panics: Cell::new(0),
        })
    }

    /// What wakes this task, from any OS thread. On the hub alone.
    pub(super) fn waker(&self) -> Waker {
        let this = std::ptr::from_ref(self);
        // SAFETY: by invariant 1 `self` lives in an `Arc`, and the hub's reference keeps it alive here.
        unsafe { Arc::increment_strong_count(this) };
        // SAFETY: the reference that was just counted is this one.
        Waker::from(unsafe { Arc::from_raw(this) })
    }
}

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        if current::is(self.hub) {
            self.hub.make_ready(&self);
        } else {
            self.hub.send_wake(self);
        }
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if current::is(self.hub) {
            self.hub.make_ready(self);
        } else {
            self.hub.send_wake(self.clone());
        }
    }
}
