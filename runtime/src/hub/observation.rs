//! Turns that are observed: the loop takes note of each.
#![allow(unsafe_code)]

use std::ptr::NonNull;

use super::core::Hub;
use super::current;
use super::inspection;
use super::observer::{self, Cause, Ended, Make, Reason};
use super::task::{Address, State, Task};

/// Has each turn of all hubs observed, from their next poll on. `make` makes the observer of a hub. The first call
/// counts; the others return false.
pub(crate) fn observe_hubs(make: Make) -> bool {
    let is_first = observer::set_make(make);
    if is_first {
        // A hub that is made from now on is observed when its OS thread enters it.
        inspection::for_each_hub(|hub| match current::is(hub) {
            true => hub.observe(),
            false => hub.call(Box::new(move || hub.observe())),
        });
    }
    is_first
}

impl Hub {
    /// Has each turn observed from now on, if hubs are observed. On the hub's OS thread.
    pub(super) fn observe(&'static self) {
        let observed = &self.core().observed;
        if observed.observer.get().is_some() {
            return;
        }
        let Some(observer) = observer::make(self.os_thread_number()) else {
            return;
        };
        if observed.observer.set(observer).is_err() {
            return;
        }
        self.core().budget.hold();
        let running = self.core().running.get();
        if matches!(self.running().state.get(), State::Running | State::Notified) {
            self.begin_turn(running, None);
        }
    }

    /// Runs one iteration of the loop, as `tick` does, for a hub that is observed.
    #[cold]
    pub(super) fn observed_tick(&'static self) {
        let core = self.core();
        self.end_turn();
        if core.budget.is_held_poll_due() {
            self.poll();
        } else if self.remote.inbox.is_pending() {
            self.empty_inbox();
        }
        let Some(next) = core.run_queue.pop() else {
            if !self.begin_unstarted() {
                self.sleep();
            }
            return;
        };
        core.budget.held_tick();
        self.begin_turn(next, core.observed.take_reason(next));
        if self.resume(next) {
            self.end_turn();
        }
    }

    fn begin_turn(&self, place: NonNull<Task>, reason: Option<Reason>) {
        let core = self.core();
        let Some(observer) = core.observed.observer.get() else {
            return;
        };
        core.observed.turn.set(Some(place));
        core.observed.earlier.set(core.run_queue.len());
        // SAFETY: it is in the run queue or runs, so it is alive (task, invariant 1).
        let task = unsafe { place.as_ref() };
        observer.begins(inspection::known(task), place == core.root.get(), reason);
    }

    /// Ends the turn that has begun, if one has.
    fn end_turn(&self) {
        let core = self.core();
        let observed = &core.observed;
        let (Some(task), Some(observer)) = (observed.turn.take(), observed.observer.get()) else {
            return;
        };
        let mut made_ready = observed.made_ready.borrow_mut();
        made_ready.clear();
        core.run_queue.each_after(observed.earlier.get(), |ready| {
            // A task that yields has not been made ready by another one.
            if ready != task {
                let cause = Cause::new(Address(ready).state().get() == State::New);
                observed.add_reason(ready, Reason::Task(cause));
                made_ready.push(cause);
            }
        });
        let turn = Ended {
            has_ended: Address(task).state().get() == State::Free,
            ready: core.run_queue.len(),
            alive: self.remote.alive.load(),
        };
        observer.ends(turn, &made_ready);
    }

    /// Called when the hub itself may have made tasks ready: no task is the cause of that.
    #[inline]
    pub(super) fn has_made_ready(&self) {
        let core = self.core();
        if core.observed.turn.get().is_some() {
            core.observed.earlier.set(core.run_queue.len());
        }
    }

    /// Calls `f`, in which tasks become ready for one reason.
    #[inline]
    pub(super) fn for_reason(&self, reason: Reason, f: impl FnOnce()) {
        let core = self.core();
        let observed = &core.observed;
        let is_observed = observed.observer.get().is_some();
        let before = core.run_queue.len();
        f();
        if is_observed {
            (core.run_queue).each_after(before, |task| observed.add_reason(task, reason));
        }
    }

    /// Wakes a task for a message, which has the cause if the sender is observed.
    pub(super) fn wake_for(&self, task: Address, cause: u64) {
        let core = self.core();
        if cause != 0
            && core.observed.observer.get().is_some()
            && task.state().get() == State::Waiting
        {
            let (number, is_spawn) = (cause, false);
            let cause = Cause { number, is_spawn };
            (core.observed).add_reason(task.0, Reason::Task(cause));
        }
        core.run_queue.wake(task);
    }
}

/// Tells the observer of the thread that runs on this OS thread that it starts a green thread which may begin on another hub.
pub(super) fn starts_here(tag: impl FnOnce() -> Option<NonNull<()>>) {
    if !observer::are_there_any() {
        return;
    }
    let here = current::current().filter(|hub| hub.remote.is_of_this_process());
    let observer = here.and_then(|hub| hub.core().observed.observer.get());
    if let (Some(observer), Some(tag)) = (observer, tag()) {
        observer.starts(tag);
    }
}

/// Returns the number of the cause for which the thread that runs on this OS thread wakes a task of another hub; zero
/// if this OS thread is not observed.
pub(super) fn cause_here() -> u64 {
    // After a fork the hub may still be that of the parent, and its observer locked.
    let here = current::current().filter(|hub| hub.remote.is_of_this_process());
    let Some(hub) = here else {
        return 0;
    };
    let Some(observer) = hub.core().observed.observer.get() else {
        return 0;
    };
    let cause = Cause::new(false);
    observer.sends(cause);
    cause.number
}
