//! What is told of each turn to an observer, if there is one.
//!
//! While a hub has an observer, a poll seems to be due at every turn (`budget`), so each switch goes through the
//! loop, which takes note of the turn (`observation`). Without one a switch has nothing to do for it.
#![forbid(unsafe_code)]

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::VecDeque;
use std::ptr::NonNull;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use super::task::Task;

/// Makes the observer of a hub.
pub(crate) type Make = fn(os_thread: u64) -> Option<Box<dyn Observer>>;

static MAKE: OnceLock<Make> = OnceLock::new();

/// Sets what makes the observers of hubs. Returns false if it was set before.
pub(super) fn set_make(make: Make) -> bool {
    MAKE.set(make).is_ok()
}

/// Returns whether hubs are observed.
#[inline]
pub(super) fn are_there_any() -> bool {
    MAKE.get().is_some()
}

/// Makes an observer of a hub, if hubs are observed.
pub(super) fn make(os_thread: u64) -> Option<Box<dyn Observer>> {
    MAKE.get()?(os_thread)
}

/// What is told of the turns of one hub. The functions neither block nor panic, and are called on the hub's OS thread.
pub(crate) trait Observer {
    /// A task begins a turn. `reason` is what has made it ready, if that is known.
    fn begins(&self, known: Known, is_root: bool, reason: Option<Reason>);

    /// The turn is over. It has made tasks ready, each for a cause of its own.
    fn ends(&self, turn: Ended, causes: &[Cause]);

    /// The running task wakes a task of another hub.
    fn sends(&self, cause: Cause);

    /// The running task starts a green thread that may begin on another hub. The tag is that of what it will run.
    fn starts(&self, tag: NonNull<()>);
}

/// What the layer above knows a task by.
pub(crate) enum Known {
    /// The tag of what it will run.
    NotStarted(Option<NonNull<()>>),
    /// What it keeps for that layer.
    Started(Option<NonNull<()>>),
}

/// The end of a turn.
pub(crate) struct Ended {
    /// Whether the task has ended, too.
    pub(crate) has_ended: bool,
    /// How many tasks are ready.
    pub(crate) ready: usize,
    /// How many green threads the hub has.
    pub(crate) alive: usize,
}

/// What has made a task ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    Task(Cause),
    Timer,
    Descriptor,
}

/// That one task has made another one ready. Its number is used once in the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cause {
    pub(crate) number: u64,
    pub(crate) is_spawn: bool,
}

impl Cause {
    pub(super) fn new(is_spawn: bool) -> Cause {
        static LAST: AtomicU64 = AtomicU64::new(0);
        // Relaxed: it only has to be unique.
        let number = LAST.fetch_add(1, Ordering::Relaxed) + 1;
        Cause { number, is_spawn }
    }
}

/// The observer of a hub, and what is kept for it.
pub(super) struct Observed {
    pub(super) observer: OnceCell<Box<dyn Observer>>,
    /// The task whose turn has begun.
    pub(super) turn: Cell<Option<NonNull<Task>>>,
    /// How many tasks at the front of the run queue the turn has not made ready.
    pub(super) earlier: Cell<usize>,
    /// The tasks of the run queue of which it is known what has made them ready, in the same order.
    pub(super) reasons: RefCell<VecDeque<(NonNull<Task>, Reason)>>,
    /// A buffer for the end of a turn.
    pub(super) made_ready: RefCell<Vec<Cause>>,
}

impl Observed {
    pub(super) fn new() -> Self {
        Observed {
            observer: OnceCell::new(),
            turn: Cell::new(None),
            earlier: Cell::new(0),
            reasons: RefCell::new(VecDeque::new()),
            made_ready: RefCell::new(Vec::new()),
        }
    }

    /// Takes the reason for which a task is ready, if that is known. It is the next one in the run queue.
    pub(super) fn take_reason(&self, task: NonNull<Task>) -> Option<Reason> {
        let mut reasons = self.reasons.borrow_mut();
        let first = reasons.pop_front_if(|(first, _)| *first == task);
        first.map(|(_, reason)| reason)
    }

    /// Notes for which reason a task has become ready.
    pub(super) fn add_reason(&self, task: NonNull<Task>, reason: Reason) {
        self.reasons.borrow_mut().push_back((task, reason));
    }
}
