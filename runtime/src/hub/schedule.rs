//! Which task runs next, and going there: the loop, and the ways past it.
//!
//! The loop runs on the OS thread's own stack, the root's, whenever the root waits. A green thread that
//! waits switches straight to the next one that is ready, and comes back to the loop only to have it look
//! around: when no task is ready, when something has come from outside, after a number of turns, and for
//! what takes more stack than a green thread should spend on it.
//!
//! ```text
//!   root: main() ── waits ──▶ loop ──▶ green 1 ──▶ green 2 ──▶ … ──▶ loop ── root is ready: returns
//! ```
//!
//! While there are new tasks to run a stack stays in use: a green thread that has ended passes its warm stack on without a
//! switch.
#![allow(unsafe_code)]

use std::io;
use std::ptr::NonNull;
use std::thread;
use std::time::Instant;

use super::core::Hub;
use super::current;
use super::remote::Message;
use super::task::{Address, State, Task};
use crate::coroutine::{self, Reservation, Stack};
use crate::reactor::{Key, Polled, Poller, Readiness};

impl Hub {
    /// Leaves the running task until it is taken from the run queue.
    #[inline]
    pub(super) fn leave(&'static self) {
        self.leave_noting(thread::panicking());
    }

    /// The same for a caller that knows whether something on this OS thread panics.
    #[inline(always)]
    pub(super) fn leave_noting(&'static self, panicking: bool) {
        let core = self.core();
        let this = core.running.get();
        core.budget.reset();
        core.mark.keep_newest();
        let unwinding = core.unwinding.leave(self.running(), panicking);
        if this == core.root.get() {
            while self.root().state.get() != State::Running {
                self.tick();
            }
        } else {
            let next = self.next();
            if next != this {
                // SAFETY: it runs, so it is alive, and stays so while it waits.
                let this = unsafe { this.as_ref() };
                // SAFETY: it was in the run queue, or is the root.
                let next = unsafe { next.as_ref() };
                // SAFETY: by invariants 2 and 3 the next one is suspended, or was just prepared. The slot
                // of this one stays in place until it has ended.
                unsafe { coroutine::switch(&this.context, &next.context) };
            }
        }
        drop(unwinding);
    }

    /// Takes the task that is to go on, and makes it the one that runs. It is the root, in its loop, if that
    /// is to look around.
    #[inline(always)]
    fn next(&'static self) -> NonNull<Task> {
        let core = self.core();
        let next = match self.take_ready() {
            Some(next) => next,
            None => core.root.get(),
        };
        core.running.set(next);
        next
    }

    /// Takes a task from the run queue that can be switched to at once. None if the loop is to look around.
    #[inline(always)]
    fn take_ready(&'static self) -> Option<NonNull<Task>> {
        let next = self.pop()?;
        // SAFETY: by invariant 2 it is alive.
        let task = unsafe { next.as_ref() };
        if task.state.get() == State::New && !self.begin_on_a_used_stack(task) {
            self.core().run_queue.push_front(next);
            return None;
        }
        task.state.set(State::Running);
        Some(next)
    }

    /// Takes a task from the run queue, if the loop is not to look around first.
    #[inline(always)]
    fn pop(&self) -> Option<NonNull<Task>> {
        let core = self.core();
        if core.budget.is_poll_due() || self.remote.inbox.is_pending() {
            return None;
        }
        let next = core.run_queue.pop()?;
        core.budget.tick();
        if let Some(after) = core.run_queue.front() {
            // SAFETY: by invariant 2 it is alive.
            let context = unsafe { &after.as_ref().context };
            // A wait for a descriptor has more frames on the stack than others. More lines than it takes cost
            // half a nanosecond with 1,000 threads.
            if core.driver.has_watched() {
                context.prefetch::<6>();
            } else {
                context.prefetch::<2>();
            }
        }
        if let Some(second) = core.run_queue.second() {
            coroutine::prefetch(second.as_ptr().cast());
        }
        Some(next)
    }

    /// One turn of the loop: runs one ready task until that or another one comes back, or sleeps until there
    /// may be one. On the root's stack.
    pub(super) fn tick(&'static self) {
        let core = self.core();
        core.stacks.borrow_mut().trim();
        if core.budget.is_poll_due() {
            self.poll();
        } else if self.remote.inbox.is_pending() {
            self.empty_inbox();
        }
        let Some(next) = core.run_queue.pop() else {
            return self.sleep();
        };
        core.budget.tick();
        // SAFETY: by invariant 2 it is alive.
        let task = unsafe { next.as_ref() };
        if task.state.get() == State::New {
            self.begin(task);
        }
        task.state.set(State::Running);
        if next == core.root.get() {
            core.stacks.borrow_mut().shrink_if_many();
            return;
        }
        core.running.set(next);
        // SAFETY: the root's context stays in its slot forever; the next task is alive, and was suspended or
        // has just been given a stack.
        unsafe { coroutine::switch(&self.root().context, &task.context) };
    }

    /// Takes in what has happened outside, without waiting for it.
    #[cold]
    pub(super) fn poll(&'static self) {
        self.core().budget.polled();
        self.core().stacks.borrow_mut().trim();
        self.core().stacks.borrow_mut().shrink_now_and_then();
        self.empty_inbox();
        let core = self.core();
        if core.driver.is_poll_due(&core.run_queue) {
            self.poll_os(|poller, ready| poller.poll_now(ready));
        }
        self.fire_timers();
    }

    fn sleep(&'static self) {
        self.core().run_queue.shrink();
        let stacks = self.core().stacks.borrow_mut().shrink();
        let timer = self.core().timers.borrow().next_deadline();
        let deadline = [stacks, timer].into_iter().flatten().min();
        let timeout = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        if timeout.is_some_and(|timeout| timeout.is_zero()) {
            // What came in time is found before a timer says that it did not.
            return self.poll();
        }
        if !self.remote.inbox.may_sleep() {
            return;
        }
        self.poll_os(|poller, ready| poller.wait(timeout, ready));
        self.remote.inbox.awake();
        self.core().budget.polled();
        self.fire_timers();
    }

    fn fire_timers(&self) {
        if self.core().timers.borrow().is_empty() {
            return;
        }
        let now = Instant::now();
        loop {
            let Some(task) = self.core().timers.borrow_mut().pop_due(now) else {
                return;
            };
            self.core().run_queue.wake(Address(task));
        }
    }

    fn poll_os(&self, poll: impl FnOnce(&mut Poller, &mut dyn FnMut(Key, Readiness)) -> Polled) {
        let core = self.core();
        core.driver.poll(&core.run_queue, core.root.get(), poll);
    }

    fn empty_inbox(&'static self) {
        let core = self.core();
        core.messages
            .drain(&self.remote.inbox, |message| match message {
                Message::Start(stack, body) => self.accept(stack, body),
                Message::Wake(task) => core.run_queue.wake(task),
                Message::Forget(key) => core.driver.forget(&core.run_queue, key),
            });
    }

    /// Lets a new task begin on a stack that was used before; false if there is none.
    #[inline(always)]
    fn begin_on_a_used_stack(&self, task: &Task) -> bool {
        let stack = self.core().stacks.borrow_mut().take_used(task.stack_size);
        match stack {
            Some(stack) => self.begin_on(task, stack),
            None => return false,
        }
        true
    }

    /// Lets a new task begin on the stack that was promised to it.
    #[cold]
    fn begin(&self, task: &Task) {
        match self.core().stacks.borrow_mut().take(task.stack_size) {
            Ok(stack) => self.begin_on(task, stack),
            Err(error) => out_of_stacks(&error),
        }
    }

    #[inline(always)]
    fn begin_on(&self, task: &Task, stack: Stack) {
        // SAFETY: the stack is owned here alone, and what was left for good on it (`finish`) is not there any more,
        // since this runs elsewhere. The task keeps it as long as it lives.
        unsafe { coroutine::prepare(&stack, &task.context, run) };
        task.stack.set(Some(stack));
    }

    /// Takes back what the running task had, whose body has returned. Returns if another task is to begin on
    /// this stack.
    // Inlined, so that a flow which ends has as many calls behind it as when it began: see `coroutine::jump`.
    #[inline(always)]
    fn finish(&'static self) {
        let core = self.core();
        let this = core.running.get();
        // SAFETY: it runs, so it is alive.
        let task = unsafe { this.as_ref() };
        let stack = task.stack.take().expect("a task that has run has a stack");
        let reservation = Reservation::from_size(task.stack_size);
        core.stacks.borrow_mut().release(reservation);
        self.remote.alive.remove();
        core.budget.reset();
        if let Some(next) = self.pop() {
            // SAFETY: by invariant 2 it is alive.
            let task = unsafe { next.as_ref() };
            if task.state.get() == State::New && task.stack_size == stack.size() {
                task.context.goes_on_upon(&stack);
                task.stack.set(Some(stack));
                task.state.set(State::Running);
                core.running.set(next);
                // SAFETY: it is this hub's, its body and stack have been taken out, and it runs no more.
                unsafe { core.tasks.remove(this) };
                return;
            }
            core.run_queue.push_front(next);
            core.budget.untick();
        }
        // It is not reused before this has left it: that takes another flow of this hub.
        core.stacks.borrow_mut().put(stack);
        // SAFETY: as in `leave`.
        let next = unsafe { self.next_but_not_here().as_ref() };
        // Only now, when another one is said to run: until then an allocator may have been called, which may
        // ask for the current thread.
        // SAFETY: as above.
        unsafe { core.tasks.remove(this) };
        // SAFETY: as in `leave`.
        unsafe { coroutine::leave_for(&next.context) };
    }

    /// As [`next`](Self::next), but not a task that would begin on the stack that this runs on: it was put
    /// among those that are used no more.
    #[inline]
    fn next_but_not_here(&'static self) -> NonNull<Task> {
        let core = self.core();
        let is_new = |task: NonNull<Task>| {
            // SAFETY: by invariant 2 it is alive.
            unsafe { task.as_ref() }.state.get() == State::New
        };
        if core.run_queue.front().is_some_and(is_new) {
            core.running.set(core.root.get());
            return core.root.get();
        }
        self.next()
    }
}

/// What runs on every stack of a hub: one task after the other.
extern "C" fn run() -> ! {
    coroutine::begun();
    let hub = current::current().expect("a green thread runs on a hub");
    loop {
        let body = hub.running().body.take();
        body.expect("a task that has not started has a body").run();
        hub.finish();
    }
}

/// Ends a process in which a promised stack cannot be had: the thread that needs it exists already,
/// so there is no caller to return an error to.
#[cold]
fn out_of_stacks(error: &io::Error) -> ! {
    eprintln!("greenpatch: no memory for the stack of a green thread: {error}");
    std::process::abort();
}
