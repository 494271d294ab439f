//! The scheduler of one OS thread: its ready queue, its timers, its descriptors, and what other threads
//! send it.
//!
//! Layer: hub, above `coroutine` and `reactor`.
//! Called by: `green`.
//! Calls: `coroutine`, `reactor`, `refused`, `panic_strategy`.
//! Never: knows the patch table, a seam, or a std-shaped type.
//!
//! Invariants:
//! 1. A hub is leaked and belongs to the OS thread that entered it. `local` is touched on that thread
//!    alone; no borrow of it lives across a switch.
//! 2. The run queue holds tasks that are `New` or `Ready`, each once; such a task is alive (task, invariant
//!    1).
//! 3. `running` is the task whose code runs, or the root while its loop runs. Whoever switches sets it
//!    first. All tasks but this one are suspended, or were not started.
#![allow(unsafe_code)]

use std::cell::{Cell, RefCell};
use std::io;
use std::os::unix::thread::RawPthread;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Waker;
use std::thread;
use std::time::Instant;

use crate::coroutine::{Context, Promise, Size, Stacks, overflow};
use crate::reactor::{Descriptors, Notifier, Reactor};
use crate::refused::Refused;

mod count;
mod counts;
mod current;
mod descriptors;
mod fork;
mod inbox;
mod job;
mod news;
mod panic_hook;
mod parts;
mod placement;
mod records;
mod run_queue;
mod schedule;
mod task;
mod thread_end;
mod timers;
mod unwind;

pub(crate) use count::{alive, retire};
pub(crate) use current::{current, hold, is_stopped, not_held, stop, switching};
pub(crate) use descriptors::Waited;
pub(crate) use fork::{forks, when_the_last_ends};
pub(crate) use job::Job;
pub(crate) use news::EPOCH;
pub(crate) use panic_hook::{Trace, learn_caller};
pub(crate) use placement::{has_workers, place, start_workers};
pub(crate) use thread_end::when_a_thread_ends;

pub(crate) use crate::reactor::{Direction, Key};

use count::Count;
use counts::Counts;
use descriptors::Waiter;
use inbox::Inbox;
use news::Epoch;
use parts::Parts;
use records::Records;
use run_queue::RunQueue;
use task::{Address, State, Task};
use thread_end::Mark;
use timers::Timers;

/// Room for so many messages or waiters is kept, and not that of a crowd.
const ROOM: usize = 1024;

/// The scheduler of one OS thread.
pub(crate) struct Hub {
    inbox: Inbox<Message>,
    notifier: Notifier,
    count: Count,
    /// The process that it was made in, by the number of forks.
    process: u32,
    /// The OS thread that it belongs to, as bits; zero before that is known.
    os_thread: AtomicUsize,
    local: Local,
}

/// What another OS thread asks of a hub.
enum Message {
    Start(Promise, Job),
    Wake(Address),
    Forget(Key),
}

/// What the hub's own OS thread touches.
struct Local {
    /// The task that runs; the root while the loop runs.
    running: Cell<NonNull<Task>>,
    root: Cell<NonNull<Task>>,
    /// How many turns may pass before the loop looks around.
    turns: Cell<u32>,
    /// How many of those who were ready after the last look at the OS have not had their turn yet.
    behind_a_look: Cell<usize>,
    /// What the running task has done since it began to run.
    counts: Cell<Counts>,
    /// Whether a descriptor was ever waited for here.
    has_watched: Cell<bool>,
    /// Tasks that have left the processor in the middle of unwinding.
    unwinding: Cell<usize>,
    mark: Mark,
    ready: RunQueue,
    records: Records,
    stacks: RefCell<Stacks>,
    timers: RefCell<Timers<NonNull<Task>>>,
    epoch: Epoch,
    reactor: RefCell<Reactor>,
    descriptors: RefCell<Descriptors<NonNull<Waiter<'static>>>>,
    /// Room for those whom a look at the OS has found.
    found: Cell<Vec<NonNull<Waiter<'static>>>>,
    /// Room for what is taken from the inbox.
    messages: Cell<Vec<Message>>,
}

// SAFETY: `inbox`, `notifier` and `count` are `Sync`, and by invariant 1 `local` is touched by one thread.
unsafe impl Sync for Hub {}
// SAFETY: a new hub has no task but its root, and is sent to the thread that will enter it.
unsafe impl Send for Hub {}

impl Hub {
    /// Makes a hub that an OS thread can enter.
    ///
    /// # Errors
    ///
    /// When the process has no descriptors or no address space left.
    pub(crate) fn new() -> Result<&'static Hub, Refused> {
        Parts::new().map(Hub::of)
    }

    fn of(parts: Parts) -> &'static Hub {
        let Parts {
            reactor,
            notifier,
            room,
        } = parts;
        let hub: &'static Hub = Box::leak(Box::new(Hub {
            inbox: Inbox::new(),
            notifier,
            count: Count::new(),
            process: forks(),
            os_thread: AtomicUsize::new(0),
            local: Local {
                running: Cell::new(NonNull::dangling()),
                root: Cell::new(NonNull::dangling()),
                turns: Cell::new(0),
                behind_a_look: Cell::new(0),
                counts: Cell::new(Counts::default()),
                has_watched: Cell::new(false),
                unwinding: Cell::new(0),
                mark: Mark::new(),
                ready: RunQueue::new(),
                records: Records::new(),
                stacks: RefCell::new(Stacks::new()),
                timers: RefCell::new(Timers::new()),
                epoch: Epoch::new(),
                reactor: RefCell::new(reactor),
                descriptors: RefCell::new(Descriptors::new()),
                found: Cell::new(Vec::new()),
                messages: Cell::new(Vec::new()),
            },
        }));
        fork::notice_forks();
        hub.local.records.add(hub, room);
        let root = hub.local.records.insert(hub, Task::root());
        hub.local.root.set(root);
        hub.local.running.set(root);
        count::add(hub);
        hub
    }

    /// Makes this OS thread run the hub whenever its own stack, the root, waits. It is an OS thread that
    /// lives as long as the process: the main thread, or one of ours.
    ///
    /// # Panics
    ///
    /// Panics if this OS thread has a hub already.
    pub(crate) fn enter(&'static self) {
        // SAFETY: pthread_self has no preconditions.
        self.belongs_to(unsafe { libc::pthread_self() });
        current::set(self);
        overflow::prepare_this_thread();
        self.local().mark.set_first();
        self.root().context.adopt(Context::of_this_thread());
        self.root().state.set(State::Running);
    }

    /// Says which OS thread it belongs to.
    fn belongs_to(&self, os_thread: RawPthread) {
        // Said twice, it is said by the starter and by the thread. Relaxed is enough: the starter says it before it
        // tells of the hub.
        self.os_thread.store(os_thread as usize, Ordering::Relaxed);
    }

    /// The OS thread that it belongs to.
    #[inline]
    pub(crate) fn os_thread(&self) -> RawPthread {
        self.os_thread.load(Ordering::Relaxed) as RawPthread
    }

    /// Runs the hub on this OS thread and nothing else.
    fn run_for_ever(&'static self) -> ! {
        self.enter();
        self.make_headless();
        self.root().state.set(State::Waiting);
        loop {
            self.turn();
        }
    }

    /// Sets aside a stack for a green thread of this hub, from any OS thread.
    ///
    /// # Errors
    ///
    /// When the process has no address space left for it.
    #[inline]
    pub(crate) fn promise(&'static self, size: Size) -> io::Result<Promise> {
        if current::is(self) {
            self.local().stacks.borrow_mut().promise(size)
        } else {
            Promise::new(size)
        }
    }

    /// Starts a green thread, from any OS thread.
    #[inline]
    pub(crate) fn start(&'static self, promise: Promise, job: Job) {
        if current::is(self) {
            self.count.start();
            self.accept(promise, job);
        } else {
            self.count.send();
            self.send(Message::Start(promise, job));
        }
    }

    /// How many green threads this hub has that have not ended, those on their way to it included.
    pub(crate) fn load(&self) -> usize {
        self.count.load()
    }

    /// What wakes the task that runs now, from any OS thread, at any time.
    #[inline]
    pub(crate) fn waker(&self) -> Waker {
        Address(self.local().running.get()).waker()
    }

    /// Blocks the task that runs now until it is woken or `deadline` has passed. Returns at once if it
    /// was woken since its last park, and may return for no reason.
    #[inline]
    pub(crate) fn park(&'static self, deadline: Option<Instant>) {
        let task = self.running();
        if task.state.replace(State::Waiting) == State::Notified {
            task.state.set(State::Running);
            return;
        }
        match deadline {
            None => self.leave(),
            Some(deadline) => self.leave_until(deadline),
        }
    }

    fn leave_until(&'static self, deadline: Instant) {
        let this = self.local().running.get();
        self.local().timers.borrow_mut().insert(deadline, this);
        self.leave();
        let place = self.running().timer.get();
        if place != timers::NOWHERE {
            self.local().timers.borrow_mut().remove(place);
        }
    }

    /// Lets everything else that is ready run first, unless a panic hook runs. Says whether there was anything.
    #[inline]
    pub(crate) fn yield_now(&'static self) -> bool {
        let local = self.local();
        let panicking = thread::panicking();
        if panicking && panic_hook::is_running() {
            return false;
        }
        if local.ready.is_empty() {
            self.poll();
            if local.ready.is_empty() {
                self.reset_counts();
                return false;
            }
        }
        let this = local.running.get();
        Address(this).state().set(State::Ready);
        local.ready.push(this);
        self.leave_noting(panicking);
        true
    }

    /// What the running task keeps for the layer above.
    #[inline]
    pub(crate) fn context(&self) -> Option<NonNull<()>> {
        self.running().kept.get()
    }

    /// Sets what the running task keeps for the layer above.
    #[inline]
    pub(crate) fn set_context(&self, context: Option<NonNull<()>>) {
        self.running().kept.set(context);
    }

    /// Puts a task that waits into the run queue; one that runs will not wait the next time. Nothing happens
    /// if the address is stale, or somebody else is woken for no reason.
    #[inline]
    fn make_ready(&self, task: Address) {
        match task.state().get() {
            State::Waiting => {
                task.state().set(State::Ready);
                self.local().ready.push(task.0);
            }
            State::Running => task.state().set(State::Notified),
            State::Free | State::New | State::Ready | State::Notified => {}
        }
    }

    fn send(&self, message: Message) {
        if self.inbox.send(message) {
            self.notifier.notify();
        }
    }

    #[inline]
    fn accept(&'static self, promise: Promise, job: Job) {
        let task = self.local().records.insert(self, Task::new(promise, job));
        self.local().ready.push(task);
    }

    #[inline]
    fn running(&self) -> &Task {
        let running = self.local().running.get();
        // SAFETY: a task that runs is alive (task, invariant 1); the root lives as long as the hub.
        unsafe { running.as_ref() }
    }

    fn root(&self) -> &Task {
        let root = self.local.root.get();
        // SAFETY: the root lives as long as the hub, for ever.
        unsafe { root.as_ref() }
    }

    #[inline]
    fn local(&self) -> &Local {
        debug_assert!(
            current::is(self),
            "a hub's own state is touched on its OS thread alone"
        );
        &self.local
    }
}

impl std::fmt::Debug for Hub {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hub").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
