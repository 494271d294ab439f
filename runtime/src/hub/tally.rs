//! Bringing a hub's counters up to date, and reading them.
#![forbid(unsafe_code)]

use std::time::{Duration, Instant};

use super::core::Hub;
use super::counts::{Tally, is_timed};
use super::task::State;

impl Hub {
    /// Returns what the hub has done so far. The turns of a hub that another OS thread runs are those up to its last
    /// poll or sleep.
    pub(crate) fn tally(&self) -> Tally {
        if self.is_here() {
            self.count_turns();
        }
        let alive = &self.remote.alive;
        let mut tally = self.remote.counts.read();
        tally.alive = alive.load() as u64;
        tally.spawned = alive.spawned() as u64;
        tally.taken_over = alive.taken_over() as u64;
        tally
    }

    /// Brings the counters of turns up to date. On the hub's OS thread.
    pub(super) fn count_turns(&self) {
        let core = self.core();
        let runs = matches!(self.running().state.get(), State::Running | State::Notified);
        let ended = self.remote.alive.ended() as u64;
        let turns = core.budget.turns();
        self.remote.counts.set_turns(turns, ended, runs.into());
    }

    /// Called when a poll begins. Returns the time if times are measured.
    pub(super) fn begin_poll(&self) -> Option<Instant> {
        let counts = &self.remote.counts;
        counts.add_poll();
        if !is_timed() {
            return None;
        }
        let now = Instant::now();
        let core = self.core();
        if let Some(delay) = core.sample.end(core.budget.turns(), now) {
            counts.add_delay(delay);
        }
        Some(now)
    }

    /// Called when a poll ends, with what [`begin_poll`](Self::begin_poll) has returned.
    pub(super) fn end_poll(&self, begun: Option<Instant>) {
        self.count_turns();
        let core = self.core();
        core.moments.add_after_poll(core.budget.planned());
        if let Some(begun) = begun {
            let now = Instant::now();
            self.remote.counts.add_poll_time(now - begun);
            self.begin_sample(now);
        }
    }

    /// Called when the OS thread is about to sleep. Returns the time if times are measured.
    pub(super) fn begin_sleep(&self) -> Option<Instant> {
        self.remote.counts.add_sleep();
        self.count_turns();
        let core = self.core();
        core.moments.add_before_sleep(core.budget.planned());
        // No task is left in the run queue.
        core.sample.discard();
        is_timed().then(Instant::now)
    }

    /// Called when the OS thread has slept, with what [`begin_sleep`](Self::begin_sleep) has returned.
    pub(super) fn end_sleep(&self, begun: Option<Instant>) {
        if let Some(begun) = begun {
            let now = Instant::now();
            self.remote.counts.add_sleep_time(now - begun);
            self.begin_sample(now);
        }
    }

    /// Begins a sample of a delay, and has the next poll end it.
    fn begin_sample(&self, now: Instant) {
        let core = self.core();
        let turns = core.budget.turns();
        match core.sample.begin(turns, core.run_queue.len(), now) {
            // The task at the end is also the first.
            Some(0) => {
                core.sample.discard();
                self.remote.counts.add_delay(Duration::ZERO);
            }
            Some(left) => core.budget.poll_within(left),
            None => {}
        }
    }
}
