//! The scheduler of one OS thread: its ready queue, its timers, and what other threads send it.
//!
//! Layer: hub, above `coroutine` and `reactor`.
//! Called by: `green`.
//! Calls: `coroutine`, `reactor`.
//! Never: knows the patch table, a seam, or a std-shaped type.
//!
//! The loop runs on the OS thread's own stack, the root's, whenever the root waits. A green thread
//! that waits switches back to the loop, which switches to the next that is ready:
//!
//! ```text
//!   root: main() ── waits ──▶ loop ──▶ green 1 ── waits ──▶ loop ──▶ green 2 ── … ──▶ loop ── root is
//!                                                                                    ready: returns
//! ```
//!
//! Invariants:
//! 1. A hub is leaked and belongs to the OS thread that entered it. `local` is touched on that thread
//!    alone; no borrow of it lives across a switch.
//! 2. The run queue holds tasks that are `Ready`, each once; such a task is alive (task, invariant 1).
//! 3. A task is resumed by the loop alone, and the loop runs on the root's stack alone.
#![allow(unsafe_code)]

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::io;
use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Waker;
use std::time::Instant;

use crate::coroutine::{Coroutine, StackCache, Step, Suspender};
use crate::reactor::{Notifier, Reactor};

mod current;
mod inbox;
mod placement;
mod task;
mod timers;
mod unwind;

pub(crate) use current::{current, hold, switching};
pub(crate) use placement::{has_workers, place, start_workers};
pub(crate) use task::Job;

use inbox::Inbox;
use task::{State, Task};
use timers::Timers;

/// How many turns of the loop may pass before timers and the OS are looked at, so that threads which
/// keep each other busy cannot starve what waits for them.
const TURNS_BETWEEN_POLLS: u32 = 61;

/// Green threads that were spawned and have not retired, in the whole process.
static ALIVE: AtomicUsize = AtomicUsize::new(0);

/// How many green threads have been spawned and have not retired.
pub(crate) fn alive() -> usize {
    ALIVE.load(Ordering::Acquire)
}

/// Counts the green thread that calls it as ended, before whoever waits for it can know that it has.
pub(crate) fn retire() {
    ALIVE.fetch_sub(1, Ordering::Release);
}

/// The scheduler of one OS thread.
pub(crate) struct Hub {
    inbox: Inbox<Message>,
    notifier: Notifier,
    /// Green threads of this hub that have not ended, those on their way to it included.
    load: AtomicUsize,
    local: Local,
}

/// What another OS thread asks of a hub.
enum Message {
    Start(Job),
    Wake(Arc<Task>),
}

/// What the hub's own OS thread touches.
struct Local {
    ready: RefCell<VecDeque<NonNull<Task>>>,
    timers: RefCell<Timers<NonNull<Task>>>,
    reactor: RefCell<Reactor>,
    stacks: RefCell<StackCache>,
    /// The task that runs; the root while the loop runs.
    running: Cell<NonNull<Task>>,
    root: Cell<NonNull<Task>>,
    turns: Cell<u32>,
    /// How often in a row the running task has asked for something in vain.
    vain: Cell<u32>,
    /// How often in a row it has made work for others.
    produced: Cell<u32>,
    /// Tasks that have left the processor in the middle of unwinding.
    unwinding: Cell<usize>,
}

// SAFETY: `inbox` and `notifier` are `Sync`, and by invariant 1 `local` is touched by one thread.
unsafe impl Sync for Hub {}
// SAFETY: a new hub has no task but its root, and is sent to the thread that will enter it.
unsafe impl Send for Hub {}

impl Hub {
    /// Makes a hub that an OS thread can enter.
    ///
    /// # Errors
    ///
    /// When the process has no file descriptor left.
    pub(crate) fn new() -> io::Result<&'static Hub> {
        let (reactor, notifier) = Reactor::new()?;
        let hub: &'static Hub = Box::leak(Box::new(Hub {
            inbox: Inbox::new(),
            notifier,
            load: AtomicUsize::new(0),
            local: Local {
                ready: RefCell::new(VecDeque::new()),
                timers: RefCell::new(Timers::new()),
                reactor: RefCell::new(reactor),
                stacks: RefCell::new(StackCache::default()),
                running: Cell::new(NonNull::dangling()),
                root: Cell::new(NonNull::dangling()),
                turns: Cell::new(0),
                vain: Cell::new(0),
                produced: Cell::new(0),
                unwinding: Cell::new(0),
            },
        }));
        let root = leak(Task::new(hub, None));
        hub.local.root.set(root);
        hub.local.running.set(root);
        Ok(hub)
    }

    /// Makes this OS thread run the hub whenever its own stack, the root, waits. It is an OS thread that
    /// lives as long as the process: the main thread, or one of ours.
    ///
    /// # Panics
    ///
    /// Panics if this OS thread has a hub already.
    pub(crate) fn enter(&'static self) {
        current::set(self);
        self.root().state.set(State::Running);
    }

    /// Runs the hub on this OS thread and nothing else.
    fn run_for_ever(&'static self) -> ! {
        self.enter();
        self.root().state.set(State::Waiting);
        loop {
            self.turn();
        }
    }

    /// Starts a green thread, from any OS thread.
    pub(crate) fn start(&'static self, job: Job) {
        ALIVE.fetch_add(1, Ordering::Relaxed);
        self.load.fetch_add(1, Ordering::Relaxed);
        if current::is(self) {
            self.accept(job);
        } else {
            self.send(Message::Start(job));
        }
    }

    /// How many green threads this hub has that have not ended.
    pub(crate) fn load(&self) -> usize {
        self.load.load(Ordering::Relaxed)
    }

    /// What wakes the task that runs now, from any OS thread, at any time.
    pub(crate) fn waker(&self) -> Waker {
        self.running().waker()
    }

    /// Blocks the task that runs now until it is woken or `deadline` has passed. Returns at once if it
    /// was woken since its last park, and may return for no reason.
    pub(crate) fn park(&'static self, deadline: Option<Instant>) {
        let task = self.running();
        if task.state.replace(State::Waiting) == State::Notified {
            task.state.set(State::Running);
            return;
        }
        let timer = deadline.map(|deadline| {
            self.local()
                .timers
                .borrow_mut()
                .insert(deadline, NonNull::from(task))
        });
        self.leave(task);
        if let Some(timer) = timer {
            self.local().timers.borrow_mut().remove(timer);
        }
    }

    /// Lets everything else that is ready run first. Says whether there was anything.
    pub(crate) fn yield_now(&'static self) -> bool {
        let task = self.running();
        self.reset_counts();
        if self.local().ready.borrow().is_empty() {
            self.poll();
            if self.local().ready.borrow().is_empty() {
                return false;
            }
        }
        task.state.set(State::Ready);
        self.local()
            .ready
            .borrow_mut()
            .push_back(NonNull::from(task));
        self.leave(task);
        true
    }

    /// Counts how often in a row the running task has asked for something in vain.
    pub(crate) fn ask_in_vain(&self) -> u32 {
        let vain = self.local().vain.get() + 1;
        self.local().vain.set(vain);
        vain
    }

    /// Counts how often in a row the running task has made work for others.
    pub(crate) fn produce(&self) -> u32 {
        let produced = self.local().produced.get() + 1;
        self.local().produced.set(produced);
        produced
    }

    /// Begins to count anew: others are about to run.
    #[inline]
    fn reset_counts(&self) {
        self.local().vain.set(0);
        self.local().produced.set(0);
    }

    /// What the running task keeps for the layer above.
    #[inline]
    pub(crate) fn context(&self) -> Option<NonNull<()>> {
        self.running().context.get()
    }

    /// Sets what the running task keeps for the layer above.
    pub(crate) fn set_context(&self, context: Option<NonNull<()>>) {
        self.running().context.set(context);
    }

    /// Puts a task that waits into the run queue; one that runs will not wait the next time.
    fn make_ready(&self, task: &Task) {
        match task.state.get() {
            State::Waiting => {
                task.state.set(State::Ready);
                self.local()
                    .ready
                    .borrow_mut()
                    .push_back(NonNull::from(task));
            }
            State::Running => task.state.set(State::Notified),
            State::Ready | State::Notified | State::Finished => {}
        }
    }

    fn send_wake(&self, task: Arc<Task>) {
        self.send(Message::Wake(task));
    }

    fn send(&self, message: Message) {
        if self.inbox.send(message) {
            self.notifier.notify();
        }
    }

    /// Leaves the running task until the loop resumes it.
    fn leave(&'static self, task: &Task) {
        self.reset_counts();
        let unwinding = self.note_unwinding();
        match task.suspender.get() {
            Some(suspender) => {
                // SAFETY: by invariant 3 of `task` it lives on this stack, below this frame.
                let suspender: &Suspender = unsafe { suspender.as_ref() };
                // SAFETY: the running task's code runs on its own coroutine's stack.
                unsafe { suspender.suspend() };
            }
            None => {
                while task.state.get() != State::Running {
                    self.turn();
                }
            }
        }
        drop(unwinding);
    }

    /// One turn of the loop: runs one ready task, or sleeps until there may be one.
    fn turn(&'static self) {
        let local = self.local();
        let turns = local.turns.get() + 1;
        if turns >= TURNS_BETWEEN_POLLS {
            self.poll();
        } else {
            local.turns.set(turns);
            self.empty_inbox();
        }
        let next = local.ready.borrow_mut().pop_front();
        match next {
            Some(task) => self.run(task),
            None => self.sleep(),
        }
    }

    /// Takes in what has happened outside, without waiting for it.
    fn poll(&'static self) {
        self.local().turns.set(0);
        self.empty_inbox();
        self.fire_timers();
    }

    fn sleep(&'static self) {
        self.fire_timers();
        if !self.local().ready.borrow().is_empty() || !self.inbox.may_sleep() {
            return;
        }
        let deadline = self.local().timers.borrow().next_deadline();
        let timeout = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        self.local().reactor.borrow_mut().wait(timeout);
        self.inbox.awake();
        self.local().turns.set(0);
        self.fire_timers();
    }

    fn fire_timers(&self) {
        if self.local().timers.borrow().next_deadline().is_none() {
            return;
        }
        let now = Instant::now();
        loop {
            let Some(task) = self.local().timers.borrow_mut().pop_due(now) else {
                return;
            };
            // SAFETY: the task has not come back from `park`, which takes its timer out, so it has
            // not ended and is alive.
            self.make_ready(unsafe { task.as_ref() });
        }
    }

    fn empty_inbox(&'static self) {
        for message in self.inbox.take() {
            match message {
                Message::Start(job) => self.accept(job),
                Message::Wake(task) => self.make_ready(&task),
            }
        }
    }

    fn accept(&'static self, job: Job) {
        let task = leak(Task::new(self, Some(job)));
        self.local().ready.borrow_mut().push_back(task);
    }

    /// Resumes a task that was taken from the run queue.
    fn run(&'static self, pointer: NonNull<Task>) {
        // SAFETY: by invariant 2 it is alive, and it stays so until it has finished, below.
        let task = unsafe { pointer.as_ref() };
        task.state.set(State::Running);
        if pointer == self.local().root.get() {
            return;
        }
        // SAFETY: by invariant 3 nobody else resumes it, and what runs inside does not touch the field.
        let coroutine = unsafe { &mut *task.coroutine.get() };
        let coroutine = match coroutine {
            Some(coroutine) => coroutine,
            None => coroutine.insert(self.begin(pointer, task)),
        };
        self.local().running.set(pointer);
        let step = coroutine.resume();
        self.local().running.set(self.local().root.get());
        if step == Step::Finished {
            self.finish(pointer);
        }
    }

    /// Gives a task that runs for the first time its stack.
    fn begin(&'static self, pointer: NonNull<Task>, task: &Task) -> Coroutine {
        let job = task
            .job
            .take()
            .expect("a task that has not started has a job");
        let stack = match self.local().stacks.borrow_mut().take(&job.stack) {
            Ok(stack) => stack,
            Err(error) => out_of_stacks(&error),
        };
        Coroutine::new(stack, move |suspender| {
            // SAFETY: the task is alive while its body runs.
            let task = unsafe { pointer.as_ref() };
            task.suspender.set(Some(NonNull::from(suspender)));
            let Job { body, stack } = job;
            body();
            drop(stack);
        })
    }

    /// Takes back what a task had whose body has returned.
    fn finish(&self, pointer: NonNull<Task>) {
        // SAFETY: this is the hub's reference, from `leak`; it is taken back here, once.
        let task = unsafe { Arc::from_raw(pointer.as_ptr()) };
        task.state.set(State::Finished);
        task.suspender.set(None);
        // SAFETY: by invariant 3 of this module nobody else touches the field.
        let coroutine = unsafe { &mut *task.coroutine.get() }.take();
        if let Some(coroutine) = coroutine {
            self.local().stacks.borrow_mut().put(coroutine.into_stack());
        }
        self.load.fetch_sub(1, Ordering::Relaxed);
    }

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

/// Hands the hub its reference to a task.
fn leak(task: Arc<Task>) -> NonNull<Task> {
    NonNull::new(Arc::into_raw(task).cast_mut()).expect("an Arc does not point to null")
}

/// Ends a process in which a promised stack cannot be had: the thread that needs it exists already,
/// so there is nobody to return an error to.
#[cold]
fn out_of_stacks(error: &io::Error) -> ! {
    eprintln!("greenpatch: no memory for the stack of a green thread: {error}");
    std::process::abort();
}

#[cfg(test)]
mod tests;
