//! The choice of the next task, and the switch to it: the loop, and the direct switches that bypass it.
//!
//! The loop runs on the OS thread's own stack, the root's, while the root waits. A green thread that waits
//! switches directly to the next ready one. It returns to the loop only when no task is ready, when the inbox
//! has a message, when a poll is due, and for work that needs more stack than a green thread should spend on it.
//!
//! ```text
//!   root: main() ── waits ──▶ loop ──▶ green 1 ──▶ green 2 ──▶ … ──▶ loop ── root is ready: returns
//! ```
//!
//! While there are new tasks, stacks stay in use: a green thread that ends hands its warm stack to a new one without a
//! switch.
#![allow(unsafe_code)]

use std::io;
use std::ptr::NonNull;
use std::sync::atomic::{Ordering, compiler_fence};
use std::thread;
use std::time::{Duration, Instant};

use super::core::Hub;
use super::current;
use super::inbox::Bed;
use super::observer::Reason;
use super::remote::Message;
use super::task::{Address, State, Task};
use crate::boundary;
use crate::coroutine::{self, Reservation, Stack};
use crate::reactor::{Key, Polled, Poller, Readiness};

impl Hub {
    /// Suspends the running task until it is taken from the run queue.
    #[inline]
    pub(super) fn leave(&'static self) {
        self.leave_noting(thread::panicking());
    }

    /// Does the same for a caller that knows whether this OS thread is panicking.
    #[inline(always)]
    pub(super) fn leave_noting(&'static self, panicking: bool) {
        // Until this task resumes: others have a value of their own, which they restore in the same way.
        let _inside = boundary::enter();
        let core = self.core();
        let this = core.running.get();
        #[cfg(greenpatch_libc)]
        let _errno = core.errno.save();
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
                // SAFETY: this task runs, so it is alive, and it stays alive while it waits.
                let this = unsafe { this.as_ref() };
                // SAFETY: the task was in the run queue, or is the root.
                let next = unsafe { next.as_ref() };
                // SAFETY: by invariants 2 and 3 the next task is suspended, or was just prepared. The slot of
                // this task stays in place until the task has ended.
                unsafe { coroutine::switch(&this.context, &next.context) };
            }
        }
        drop(unwinding);
    }

    /// Takes the task that runs next, and makes it the running one. Returns the root, in its loop, if the loop has
    /// to run first.
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

    /// Takes a task from the run queue that can be switched to at once. Returns `None` if the loop has to run first.
    #[inline(always)]
    fn take_ready(&'static self) -> Option<NonNull<Task>> {
        let next = self.pop()?;
        // SAFETY: by invariant 2 the task is alive.
        let task = unsafe { next.as_ref() };
        if task.state.get() == State::New && !self.begin_on_a_used_stack(task) {
            let core = self.core();
            core.run_queue.push_front(next);
            core.budget.untick();
            return None;
        }
        task.state.set(State::Running);
        Some(next)
    }

    /// Takes a task from the run queue, unless the loop has to run first.
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
            // A wait for a descriptor has more frames on the stack than other waits. Prefetching more lines than
            // needed costs half a nanosecond with 1,000 threads.
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

    /// Runs one iteration of the loop, on the root's stack: switches to a ready task until some task switches back, or
    /// sleeps until a task may be ready.
    pub(super) fn tick(&'static self) {
        let core = self.core();
        core.stacks.borrow_mut().trim();
        if core.budget.is_poll_due() {
            if core.budget.is_held() {
                return self.observed_tick();
            }
            self.poll();
        } else if self.remote.inbox.is_pending() {
            self.empty_inbox();
        }
        if core.budget.is_held() {
            // A message has asked for that just now.
            return;
        }
        let Some(next) = core.run_queue.pop() else {
            if !self.begin_unstarted() {
                self.sleep();
            }
            return;
        };
        core.budget.tick();
        self.resume(next);
    }

    /// Switches from the loop to a task that was taken from the run queue, unless that is the root. Returns whether it has
    /// switched, and was switched back to.
    #[inline(always)]
    pub(super) fn resume(&'static self, next: NonNull<Task>) -> bool {
        let core = self.core();
        // SAFETY: by invariant 2 it is alive.
        let task = unsafe { next.as_ref() };
        if task.state.get() == State::New {
            self.begin(task);
        }
        task.state.set(State::Running);
        if next == core.root.get() {
            core.stacks.borrow_mut().shrink_if_many();
            return false;
        }
        core.running.set(next);
        // SAFETY: the root's context stays in its slot forever. The next task is alive, and was suspended or has
        // just been given a stack.
        unsafe { coroutine::switch(&self.root().context, &task.context) };
        true
    }

    /// Handles messages, ready descriptors and expired timers, without waiting for any.
    #[cold]
    pub(super) fn poll(&'static self) {
        let begun = self.begin_poll();
        self.core().budget.polled();
        self.core().stacks.borrow_mut().trim();
        self.core().stacks.borrow_mut().shrink_now_and_then();
        self.empty_inbox();
        let core = self.core();
        if core.driver.is_poll_due(&core.run_queue) {
            self.poll_now();
        }
        self.fire_timers();
        self.begin_some();
        self.has_made_ready();
        self.end_poll(begun);
    }

    /// Handles descriptors that are ready, without waiting for any.
    pub(super) fn poll_now(&self) {
        self.poll_os(|poller, ready| poller.poll_now(ready));
    }

    pub(super) fn sleep(&'static self) {
        self.core().run_queue.shrink();
        let stacks = self.core().stacks.borrow_mut().shrink();
        let timer = self.core().timers.borrow().next_deadline();
        let deadline = [stacks, timer].into_iter().flatten().min();
        let timeout = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        if timeout.is_some_and(|timeout| timeout.is_zero()) {
            // An event that came before the deadline is found before the timer fires.
            return self.poll();
        }
        let bed = self.bed();
        if !self.may_sleep(bed, timeout) {
            return;
        }
        let core = self.core();
        if timeout.is_some() {
            core.idleness.end(&self.remote.quiet);
        }
        let pause = timeout.or_else(|| core.idleness.pause());
        let begun = self.begin_sleep();
        let asleep = self.remote.is_worker().then(Instant::now);
        self.sleep_in(bed, pause);
        // A signal handler may have run while this slept.
        #[cfg(greenpatch_libc)]
        boundary::make_up();
        let is_message = !self.remote.inbox.awake();
        if is_message && let Some(asleep) = asleep {
            core.patience.has_slept(asleep.elapsed());
        }
        core.budget.polled();
        if !core.run_queue.is_empty() {
            core.idleness.end(&self.remote.quiet);
        } else if !is_message && timeout.is_none() {
            self.was_idle();
        }
        self.fire_timers();
        self.end_sleep(begun);
    }

    /// Returns where the hub may sleep: a worker that has never watched a descriptor has no need of its reactor.
    fn bed(&self) -> Bed {
        // A function of libc may be called by the handler of a signal, which ends a sleep in the reactor alone.
        let has_word = cfg!(all(
            any(target_os = "linux", target_os = "android"),
            not(loom),
            not(greenpatch_libc)
        ));
        match has_word && self.remote.is_worker() && !self.core().driver.has_watched() {
            true => Bed::Word,
            false => Bed::Reactor,
        }
    }

    fn sleep_in(&self, bed: Bed, pause: Option<Duration>) {
        match bed {
            #[cfg(all(any(target_os = "linux", target_os = "android"), not(loom)))]
            Bed::Word => {
                let deadline = pause.and_then(|pause| Instant::now().checked_add(pause));
                self.remote.inbox.park(deadline);
            }
            _ => self.poll_os(|poller, ready| poller.wait(pause, ready)),
        }
    }

    fn fire_timers(&self) {
        if self.core().timers.borrow().is_empty() {
            return;
        }
        let now = Instant::now();
        self.for_reason(Reason::Timer, || {
            loop {
                let Some(task) = self.core().timers.borrow_mut().pop_due(now) else {
                    return;
                };
                self.core().run_queue.wake(Address(task));
            }
        });
    }

    fn poll_os(&self, poll: impl FnOnce(&mut Poller, &mut dyn FnMut(Key, Readiness)) -> Polled) {
        let core = self.core();
        self.for_reason(Reason::Descriptor, || {
            core.driver.poll(&core.run_queue, core.root.get(), poll);
        });
    }

    pub(super) fn empty_inbox(&'static self) {
        let core = self.core();
        core.idleness.before_messages(&self.remote.quiet);
        let (mut has_answered, mut has_come) = (false, false);
        core.messages.drain(&self.remote.inbox, |message| {
            let is_call = matches!(message, Message::Call(_));
            has_answered |= is_call;
            has_come |= !is_call;
            match message {
                Message::Start(stack, body) => self.accept(stack, body),
                Message::Wake(task, cause) => {
                    self.remote.counts.add_remote_wake();
                    self.wake_for(task, cause);
                }
                Message::Forget(key) => core.driver.forget(&core.run_queue, key),
                Message::Call(closure) => closure(),
            }
        });
        // A hub that was poked has no message of that.
        let has_work = !core.run_queue.is_empty() || self.remote.unstarted.is_any();
        match has_answered && !has_come && !has_work {
            true => core.idleness.has_answered(&self.remote.quiet),
            false => core.idleness.end(&self.remote.quiet),
        }
        self.has_made_ready();
    }

    /// Gives a new task a stack that was used before. Returns false if there is none.
    #[inline(always)]
    fn begin_on_a_used_stack(&self, task: &Task) -> bool {
        let stack = self.core().stacks.borrow_mut().take_used(task.stack_size);
        match stack {
            Some(stack) => self.begin_on(task, stack),
            None => return false,
        }
        true
    }

    /// Gives a new task the stack that was reserved for it.
    #[cold]
    fn begin(&self, task: &Task) {
        match self.core().stacks.borrow_mut().take(task.stack_size) {
            Ok(stack) => self.begin_on(task, stack),
            Err(error) => out_of_stacks(&error),
        }
    }

    #[inline(always)]
    fn begin_on(&self, task: &Task, stack: Stack) {
        // SAFETY: this function is the only owner of the stack. The flow that last ran on it (`finish`) has left it for
        // good, since this code runs on another stack. The task keeps the stack as long as the task lives.
        unsafe { coroutine::prepare(&stack, &task.context, run) };
        task.stack.set(Some(stack));
        seen_by_handlers();
    }

    /// Releases the resources of the running task after its body has returned. Returns only if a new task begins on this
    /// stack.
    // Inlined, so that a flow ends at the same call depth at which it began: see `coroutine::jump`.
    #[inline(always)]
    fn finish(&'static self) {
        let core = self.core();
        let this = core.running.get();
        // SAFETY: the task runs, so it is alive.
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
                seen_by_handlers();
                task.state.set(State::Running);
                core.running.set(next);
                // SAFETY: the task is this hub's, its body and stack have been taken out, and it no longer runs.
                unsafe { core.tasks.remove(this) };
                return;
            }
            core.run_queue.push_front(next);
            core.budget.untick();
        }
        // The stack is not reused before this flow has left it: only another flow of this hub reuses it.
        core.stacks.borrow_mut().put(stack);
        // SAFETY: as in `leave`.
        let next = unsafe { self.next_but_not_here().as_ref() };
        // Only now, when another task is marked as running: until then an allocator may have been called, and it may
        // ask for the current thread.
        // SAFETY: as above.
        unsafe { core.tasks.remove(this) };
        // SAFETY: as in `leave`.
        unsafe { coroutine::leave_for(&next.context) };
    }

    /// Does the same as [`next`](Self::next), but takes no task that would begin on the running stack, which is already
    /// among the unused ones.
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

/// Has the stack of a task set before the task runs, for the handler of a signal that asks for the stack of the running task.
#[inline(always)]
fn seen_by_handlers() {
    compiler_fence(Ordering::Release);
}

/// The entry of every stack of a hub. Runs one task after another.
extern "C" fn run() -> ! {
    coroutine::begun();
    let hub = current::current().expect("a green thread runs on a hub");
    loop {
        let body = hub.running().body.take();
        let body = body.expect("a task that has not started has a body");
        boundary::open();
        body.run();
        boundary::close();
        hub.finish();
    }
}

/// Ends the process when the OS refuses the memory for a reserved stack. The thread that needs it exists already, so
/// there is no caller to return an error to.
#[cold]
fn out_of_stacks(error: &io::Error) -> ! {
    eprintln!("greenpatch: no memory for the stack of a green thread: {error}");
    std::process::abort();
}
