//! Blocking and yielding of the running task.
#![forbid(unsafe_code)]

use std::thread;
use std::time::Instant;

use super::core::Hub;
use super::panic_hook;
use super::task::State;
use super::timers;
use crate::boundary;

impl Hub {
    /// Blocks the running task until it is woken or `deadline` has passed. Returns at once if it was woken since its
    /// last park. Wakeups may be spurious.
    // Always inlined, as `yield_now` is.
    #[inline(always)]
    pub(crate) fn park(&'static self, deadline: Option<Instant>) {
        let task = self.running();
        if task.state.replace(State::Waiting) == State::Notified {
            task.state.set(State::Running);
            return;
        }
        self.remote.counts.add_park();
        match deadline {
            None => self.leave_noting(thread::panicking()),
            Some(deadline) => self.leave_until(deadline),
        }
    }

    #[inline(never)]
    fn leave_until(&'static self, deadline: Instant) {
        let _inside = boundary::enter();
        let this = self.core().running.get();
        self.core().timers.borrow_mut().insert(deadline, this);
        self.leave();
        let index = self.running().timer.get();
        if index != timers::NOT_IN_HEAP {
            self.core().timers.borrow_mut().remove(index);
        }
    }

    /// Lets every other task that is ready run first, unless a panic hook runs. Returns false if there was none.
    // Always inlined: after a switch the processor mispredicts the return from each further frame, which costs a yield a
    // fifth of its time.
    #[inline(always)]
    pub(crate) fn yield_now(&'static self) -> bool {
        let _inside = boundary::enter();
        let core = self.core();
        let panicking = thread::panicking();
        if panicking && panic_hook::is_running() {
            return false;
        }
        if core.run_queue.is_empty() {
            self.poll();
            if core.run_queue.is_empty() {
                core.budget.reset();
                return false;
            }
        }
        self.running().state.set(State::Ready);
        core.run_queue.push(core.running.get());
        self.leave_noting(panicking);
        true
    }

    /// Yields on a path that is seldom taken.
    #[cold]
    #[inline(never)]
    fn yield_now_and_then(&'static self) {
        self.yield_now();
    }

    /// Counts a failed attempt of the running task, and yields if it has failed too often in a row.
    pub(crate) fn spend_failed_attempt(&'static self) {
        if self.core().budget.spend_failed_attempt() {
            self.yield_now_and_then();
        }
    }

    /// Counts a batch of work that the running task has produced for other tasks, and yields if these have enough.
    pub(crate) fn spend_batch(&'static self) {
        if self.core().budget.spend_batch() {
            self.yield_now_and_then();
        }
    }

    /// Counts a transfer that did not have to wait, and yields if there were many in a row.
    #[inline]
    pub(crate) fn spend_transfer(&'static self) {
        if self.core().budget.spend_transfer() {
            self.yield_now_and_then();
        }
    }

    /// Counts a round of locks that the running task has taken, and yields after the second one in a row. While no
    /// other task could run, only one in many rounds yields, to poll the OS.
    pub(crate) fn spend_round(&'static self) {
        let core = self.core();
        let others_are_ready = !core.run_queue.is_empty()
            || self.remote.inbox.is_pending()
            || self.remote.unstarted.is_any();
        if core.budget.spend_round(others_are_ready) {
            self.yield_now_and_then();
        }
    }
}
