//! Which task runs next, and going there: the loop, and the ways past it.
//!
//! The loop runs on the OS thread's own stack, the root's, whenever the root waits. A green thread that
//! waits switches straight to the next one that is ready, and comes back to the loop only to have it look
//! around: when nobody is ready, when something has come from outside, after a number of turns, and for
//! what takes more stack than a green thread should spend on it.
//!
//! ```text
//!   root: main() ── waits ──▶ loop ──▶ green 1 ──▶ green 2 ──▶ … ──▶ loop ── root is ready: returns
//! ```
//!
//! A stack is kept by who runs on it as long as there is somebody new to run: a green thread that has ended
//! hands its warm stack on without any switch.
#![allow(unsafe_code)]

use std::io;
use std::ptr::NonNull;
use std::thread;
use std::time::Instant;

use super::descriptors::READY_AHEAD;
use super::task::{Address, State, Task};
use super::{Hub, Message, ROOM, current};
use crate::coroutine::{self, Promise, Stack};

/// How many turns may pass before timers and the OS are looked at, so that threads which keep each other
/// busy cannot starve what waits for them.
pub(super) const TURNS_BETWEEN_POLLS: u32 = 61;

impl Hub {
    /// Leaves the running task until somebody takes it from the run queue.
    #[inline]
    pub(super) fn leave(&'static self) {
        self.leave_noting(thread::panicking());
    }

    /// The same for a caller that knows whether something on this OS thread panics.
    #[inline]
    pub(super) fn leave_noting(&'static self, panicking: bool) {
        let local = self.local();
        let this = local.running.get();
        self.reset_counts();
        self.keep_mark();
        let unwinding = self.note_unwinding(panicking);
        if this == local.root.get() {
            while self.root().state.get() != State::Running {
                self.turn();
            }
        } else {
            let next = self.next();
            if next != this {
                // SAFETY: it runs, so it is alive, and stays so while it waits.
                let this = unsafe { this.as_ref() };
                // SAFETY: it was in the run queue, or is the root.
                let next = unsafe { next.as_ref() };
                // SAFETY: by invariants 2 and 3 the next one is suspended, or was just prepared. The record
                // of this one stays in place until it has ended.
                unsafe { coroutine::switch(&this.context, &next.context) };
            }
        }
        drop(unwinding);
    }

    /// Takes the task that is to go on, and makes it the one that runs. It is the root, in its loop, if that
    /// is to look around.
    #[inline]
    fn next(&'static self) -> NonNull<Task> {
        let local = self.local();
        let next = match self.take_ready() {
            Some(next) => next,
            None => local.root.get(),
        };
        local.running.set(next);
        next
    }

    /// Takes a task from the run queue that can be switched to at once. None if the loop is to look around.
    #[inline]
    fn take_ready(&'static self) -> Option<NonNull<Task>> {
        let next = self.pop()?;
        // SAFETY: by invariant 2 it is alive.
        let task = unsafe { next.as_ref() };
        if task.state.get() == State::New && !self.begin_on_a_used_stack(task) {
            self.local().ready.push_front(next);
            return None;
        }
        task.state.set(State::Running);
        Some(next)
    }

    /// Takes a task from the run queue, if the loop is not to look around first.
    #[inline]
    fn pop(&self) -> Option<NonNull<Task>> {
        let local = self.local();
        let turns = local.turns.get();
        if turns == 0 || self.inbox.is_pending() {
            return None;
        }
        let next = local.ready.pop()?;
        local.turns.set(turns - 1);
        if let Some(after) = local.ready.front() {
            // SAFETY: by invariant 2 it is alive.
            let context = unsafe { &after.as_ref().context };
            // A wait for a descriptor has more frames on the stack than others. More lines than it takes cost
            // half a nanosecond with 1,000 threads.
            if local.has_watched.get() {
                context.prefetch::<6>();
            } else {
                context.prefetch::<2>();
            }
        }
        if let Some(second) = local.ready.second() {
            coroutine::prefetch(second.as_ptr().cast());
        }
        Some(next)
    }

    /// One turn of the loop: runs one ready task until that or another one comes back, or sleeps until there
    /// may be one. On the root's stack.
    pub(super) fn turn(&'static self) {
        let local = self.local();
        local.stacks.borrow_mut().trim();
        if local.turns.get() == 0 {
            self.poll();
        } else if self.inbox.is_pending() {
            self.empty_inbox();
        }
        let Some(next) = local.ready.pop() else {
            return self.sleep();
        };
        local.turns.update(|turns| turns.saturating_sub(1));
        // SAFETY: by invariant 2 it is alive.
        let task = unsafe { next.as_ref() };
        if task.state.get() == State::New {
            self.begin(task);
        }
        task.state.set(State::Running);
        if next == local.root.get() {
            local.stacks.borrow_mut().give_back_many_depths();
            return;
        }
        local.running.set(next);
        // SAFETY: the root's context is in its record, for ever; the next task is alive, and was suspended or
        // has just been given a stack.
        unsafe { coroutine::switch(&self.root().context, &task.context) };
    }

    /// Takes in what has happened outside, without waiting for it.
    #[cold]
    pub(super) fn poll(&'static self) {
        self.local().turns.set(TURNS_BETWEEN_POLLS);
        self.local().stacks.borrow_mut().trim();
        self.local().stacks.borrow_mut().give_back_depths_at_times();
        self.empty_inbox();
        if self.is_to_look() {
            self.take_in(|reactor, ready| reactor.look(ready));
        }
        self.fire_timers();
    }

    /// Whether to ask the OS what descriptors are ready.
    ///
    /// Who is found queues behind all who are ready. So while these are many a later poll is soon enough, and what is read
    /// then is still in the processor's caches when its turn comes; up to once all have had their turn who were ready
    /// at the last look, since they may be ready again and again.
    fn is_to_look(&self) -> bool {
        const TURNS: usize = TURNS_BETWEEN_POLLS as usize;
        let local = self.local();
        let is_watching = local.descriptors.borrow().len() > 0;
        let behind = local.behind_a_look.get().saturating_sub(TURNS);
        local.behind_a_look.set(behind);
        is_watching && (behind < TURNS || local.ready.len() < READY_AHEAD)
    }

    fn sleep(&'static self) {
        self.local().ready.give_back();
        let stacks = self.local().stacks.borrow_mut().give_back_depths();
        let timer = self.local().timers.borrow().next_deadline();
        let deadline = [stacks, timer].into_iter().flatten().min();
        let timeout = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        if timeout.is_some_and(|timeout| timeout.is_zero()) {
            // What came in time is found before a timer says that it did not.
            return self.poll();
        }
        if !self.inbox.may_sleep() {
            return;
        }
        self.take_in(|reactor, ready| reactor.wait(timeout, ready));
        self.inbox.awake();
        self.local().turns.set(TURNS_BETWEEN_POLLS);
        self.fire_timers();
    }

    fn fire_timers(&self) {
        if self.local().timers.borrow().is_empty() {
            return;
        }
        let now = Instant::now();
        loop {
            let Some(task) = self.local().timers.borrow_mut().pop_due(now) else {
                return;
            };
            self.make_ready(Address(task));
        }
    }

    fn empty_inbox(&'static self) {
        let mut messages = self.local().messages.take();
        self.inbox.take(&mut messages);
        for message in messages.drain(..) {
            match message {
                Message::Start(promise, job) => self.accept(promise, job),
                Message::Wake(task) => self.make_ready(task),
                Message::Forget(key) => self.forget_here(key),
            }
        }
        if messages.capacity() > ROOM {
            messages = Vec::new();
        }
        self.local().messages.set(messages);
    }

    /// Lets a new task begin on a stack that was used before; false if there is none.
    #[inline]
    fn begin_on_a_used_stack(&self, task: &Task) -> bool {
        let stack = self.local().stacks.borrow_mut().take_used(task.promised);
        match stack {
            Some(stack) => self.begin_on(task, stack),
            None => return false,
        }
        true
    }

    /// Lets a new task begin on the stack that was promised to it.
    #[cold]
    fn begin(&self, task: &Task) {
        match self.local().stacks.borrow_mut().take(task.promised) {
            Ok(stack) => self.begin_on(task, stack),
            Err(error) => out_of_stacks(&error),
        }
    }

    #[inline]
    fn begin_on(&self, task: &Task, stack: Stack) {
        // SAFETY: nobody else has the stack, and what was left for good on it (`finish`) is not there any more,
        // since this runs elsewhere. The task keeps it as long as it lives.
        unsafe { coroutine::prepare(&stack, &task.context, run) };
        task.stack.set(Some(stack));
    }

    /// Takes back what the running task had, whose body has returned. Returns if another task is to begin on
    /// this stack.
    // Inlined, so that a flow which ends has as many calls behind it as when it began: see `coroutine::jump`.
    #[inline(always)]
    fn finish(&'static self) {
        let local = self.local();
        let this = local.running.get();
        // SAFETY: it runs, so it is alive.
        let task = unsafe { this.as_ref() };
        let stack = task.stack.take().expect("a task that has run has a stack");
        let promise = Promise::from_size(task.promised);
        local.stacks.borrow_mut().release(promise);
        self.count.go();
        self.reset_counts();
        if let Some(next) = self.pop() {
            // SAFETY: by invariant 2 it is alive.
            let task = unsafe { next.as_ref() };
            if task.state.get() == State::New && task.promised == stack.size() {
                task.context.goes_on_upon(&stack);
                task.stack.set(Some(stack));
                task.state.set(State::Running);
                local.running.set(next);
                // SAFETY: it is this hub's, its job and stack have been taken out, and it runs no more.
                unsafe { local.records.remove(this) };
                return;
            }
            local.ready.push_front(next);
            local.turns.update(|turns| turns + 1);
        }
        // It is not used by anybody else before this has left it: that takes another flow of this hub.
        local.stacks.borrow_mut().put(stack);
        // SAFETY: as in `leave`.
        let next = unsafe { self.next_but_not_here().as_ref() };
        // Only now, when another one is said to run: until then an allocator may have been called, which may
        // ask who runs.
        // SAFETY: as above.
        unsafe { local.records.remove(this) };
        // SAFETY: as in `leave`.
        unsafe { coroutine::leave_for(&next.context) };
    }

    /// As [`next`](Self::next), but not a task that would begin on the stack that this runs on: it was put
    /// among those that are used no more.
    #[inline]
    fn next_but_not_here(&'static self) -> NonNull<Task> {
        let local = self.local();
        let is_new = |task: NonNull<Task>| {
            // SAFETY: by invariant 2 it is alive.
            unsafe { task.as_ref() }.state.get() == State::New
        };
        if local.ready.front().is_some_and(is_new) {
            local.running.set(local.root.get());
            return local.root.get();
        }
        self.next()
    }
}

/// What runs on every stack of a hub: one task after the other.
extern "C" fn run() -> ! {
    coroutine::begun();
    let hub = current().expect("a green thread runs on a hub");
    loop {
        let job = hub.running().job.take();
        job.expect("a task that has not started has a job").run();
        hub.finish();
    }
}

/// Ends a process in which a promised stack cannot be had: the thread that needs it exists already,
/// so there is nobody to return an error to.
#[cold]
fn out_of_stacks(error: &io::Error) -> ! {
    eprintln!("greenpatch: no memory for the stack of a green thread: {error}");
    std::process::abort();
}
