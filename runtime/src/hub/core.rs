//! The state of a hub: the part that any OS thread may access, and the core, which only its own OS thread accesses.
//!
//! Invariants:
//! 1. A hub is leaked and belongs to the OS thread that entered it. `core` is accessed on that thread alone. No borrow
//!    of it lives across a switch.
//! 2. The run queue holds tasks that are `New` or `Ready`, each once; such a task is alive (task, invariant 1).
//! 3. `running` is the running task, or the root while the loop runs. It is set before each switch. All other tasks are
//!    suspended, or were not started.
#![allow(unsafe_code)]

use std::cell::{Cell, RefCell};
use std::fmt;
use std::os::unix::thread::RawPthread;
use std::ptr::NonNull;

use super::budget::Budget;
use super::delays::Sample;
use super::driver::Driver;
#[cfg(greenpatch_libc)]
use super::errno::Errno;
use super::idleness::Idleness;
use super::inbox::Drain;
use super::lock_patience::LockPatience;
use super::moments::Moments;
use super::observer::Observed;
use super::patience::Patience;
use super::remote::{Message, Remote, Start, this_os_thread};
use super::run_queue::RunQueue;
use super::task::Task;
use super::task_table::TaskTable;
use super::thread_end::Mark;
use super::timers::Timers;
use super::unstarted::Sight;
use super::unwinding::Unwinding;
use crate::coroutine::Stacks;
use crate::reactor::{Notifier, Poller};

/// The scheduler of one OS thread.
pub(crate) struct Hub {
    pub(super) remote: Remote,
    /// Accessed by [`Hub::core`], except before the hub is entered.
    pub(super) core: Core,
}

/// The part of a hub that only its own OS thread accesses.
pub(super) struct Core {
    /// The running task, or the root while the loop runs.
    pub(super) running: Cell<NonNull<Task>>,
    pub(super) root: Cell<NonNull<Task>>,
    /// The addresses of the root's stack, from where its copy may begin to where it ends. Zeros if they are not known.
    pub(super) own_stack: Cell<(usize, usize)>,
    pub(super) budget: Budget,
    pub(super) run_queue: RunQueue,
    pub(super) unwinding: Unwinding,
    pub(super) mark: Mark,
    pub(super) tasks: TaskTable,
    pub(super) stacks: RefCell<Stacks>,
    pub(super) timers: RefCell<Timers<NonNull<Task>>>,
    pub(super) driver: Driver,
    pub(super) messages: Drain<Message>,
    pub(super) idleness: Idleness,
    pub(super) sample: Sample,
    pub(super) observed: Observed,
    pub(super) patience: Patience,
    pub(super) lock_patience: LockPatience,
    /// A buffer for what a worker has seen in the queues of others.
    pub(super) sights: Cell<Vec<Sight>>,
    /// A buffer for the green threads that a worker begins.
    pub(super) starts: Cell<Vec<Start>>,
    pub(super) moments: Moments,
    #[cfg(greenpatch_libc)]
    pub(super) errno: Errno,
}

// SAFETY: `remote` is `Sync`, and by invariant 1 `core` is accessed by one thread.
unsafe impl Sync for Hub {}
// SAFETY: a new hub has no task but its root, and is sent to the thread that will enter it.
unsafe impl Send for Hub {}

impl Hub {
    /// Creates a hub without a root, and leaks it.
    pub(super) fn leak(poller: Poller, notifier: Notifier) -> &'static Hub {
        Box::leak(Box::new(Hub {
            remote: Remote::new(notifier),
            core: Core {
                running: Cell::new(NonNull::dangling()),
                root: Cell::new(NonNull::dangling()),
                own_stack: Cell::new((0, 0)),
                budget: Budget::new(),
                run_queue: RunQueue::new(),
                unwinding: Unwinding::new(),
                mark: Mark::new(),
                tasks: TaskTable::new(),
                stacks: RefCell::new(Stacks::new()),
                timers: RefCell::new(Timers::new()),
                driver: Driver::new(poller),
                messages: Drain::new(),
                idleness: Idleness::new(),
                sample: Sample::new(),
                observed: Observed::new(),
                patience: Patience::new(),
                lock_patience: LockPatience::new(),
                sights: Cell::new(Vec::new()),
                starts: Cell::new(Vec::new()),
                moments: Moments::new(),
                #[cfg(greenpatch_libc)]
                errno: Errno::new(),
            },
        }))
    }

    /// Returns the OS thread that the hub belongs to.
    #[inline]
    pub(crate) fn os_thread(&self) -> RawPthread {
        self.remote.os_thread()
    }

    /// Returns the pointer that the layer above has stored for the running task.
    #[inline]
    pub(crate) fn user_data(&self) -> Option<NonNull<()>> {
        self.running().user_data.get()
    }

    /// Stores a pointer for the running task, for the layer above.
    #[inline]
    pub(crate) fn set_user_data(&self, user_data: Option<NonNull<()>>) {
        self.running().user_data.set(user_data);
    }

    /// Returns true if the running task unwinds.
    pub(crate) fn is_panicking(&self) -> bool {
        self.core().unwinding.is_panicking(self.running())
    }

    /// Counts a panic of the running task.
    pub(crate) fn panicked(&self) {
        let panics = &self.running().panics;
        panics.update(|panics| panics.saturating_add(1));
    }

    /// Counts a panic that the running task has caught.
    pub(crate) fn caught(&self) {
        let panics = &self.running().panics;
        panics.update(|panics| panics.saturating_sub(1));
    }

    #[inline]
    pub(super) fn running(&self) -> &Task {
        let running = self.core().running.get();
        // SAFETY: a running task is alive (task, invariant 1), and the root lives as long as the hub.
        unsafe { running.as_ref() }
    }

    pub(super) fn root(&self) -> &Task {
        let root = self.core.root.get();
        // SAFETY: the root lives as long as the hub, which is leaked.
        unsafe { root.as_ref() }
    }

    #[inline]
    pub(super) fn core(&self) -> &Core {
        debug_assert!(
            self.os_thread() == this_os_thread(),
            "a hub's core is accessed on its OS thread alone"
        );
        &self.core
    }
}

impl fmt::Debug for Hub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hub").finish_non_exhaustive()
    }
}
