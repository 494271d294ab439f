//! How long a task may run without a wait before others get the processor.
//!
//! A task that never has to wait yields after a number of failed attempts, of batches of work made for others, of
//! transfers, or of rounds of locks. What it has done is forgotten as soon as another task runs. The hub in turn
//! polls the OS after a number of ticks, so that tasks which keep each other busy cannot starve those that wait for
//! a timer or for the OS.
#![forbid(unsafe_code)]

use std::cell::Cell;

/// How many failed attempts in a row amount to a wait.
const FAILED_ATTEMPTS: u16 = 8;
/// How many batches of work in a row are enough for other tasks to begin on.
const BATCHES: u16 = 16;
/// How many transfers in a row, none of which had to wait, keep other tasks waiting for long enough.
const TRANSFERS: u16 = 64;
/// After how many rounds of locks without a wait the OS is polled although no other task is ready.
const ROUNDS: u32 = 64;
/// How many tasks may run before timers and the OS are polled.
pub(super) const TICKS_BETWEEN_POLLS: u32 = 61;

/// What is left of the running task's time, and of the time until the next poll.
pub(super) struct Budget {
    spent: Cell<Spent>,
    /// How many tasks may run before the next poll.
    ticks: Cell<u32>,
    /// What `ticks` would be while it is held at zero, so that each turn goes through the loop.
    held: Cell<u32>,
    is_held: Cell<bool>,
    /// The number of turns after which that poll is due. So a turn is counted by its tick alone.
    due: Cell<u64>,
}

/// What the running task has done since it was switched to. It has eight bytes, so that a reset is one store.
#[derive(Clone, Copy, Default)]
struct Spent {
    failed_attempts: u16,
    /// Batches of work for others, and transfers.
    produced: u16,
    /// Rounds of locks.
    rounds: u32,
}

impl Budget {
    pub(super) const fn new() -> Self {
        Budget {
            spent: Cell::new(Spent {
                failed_attempts: 0,
                produced: 0,
                rounds: 0,
            }),
            ticks: Cell::new(0),
            held: Cell::new(0),
            is_held: Cell::new(false),
            due: Cell::new(0),
        }
    }

    /// Counts a failed attempt. Returns true if the task is to yield.
    pub(super) fn spend_failed_attempt(&self) -> bool {
        let mut spent = self.spent.get();
        spent.failed_attempts = spent.failed_attempts.saturating_add(1);
        self.spent.set(spent);
        spent.failed_attempts >= FAILED_ATTEMPTS
    }

    /// Counts a batch of work for others. Returns true if the task is to yield.
    pub(super) fn spend_batch(&self) -> bool {
        self.produce() >= BATCHES
    }

    /// Counts a transfer. Returns true if the task is to yield.
    pub(super) fn spend_transfer(&self) -> bool {
        self.produce() >= TRANSFERS
    }

    fn produce(&self) -> u16 {
        let mut spent = self.spent.get();
        spent.produced = spent.produced.saturating_add(1);
        self.spent.set(spent);
        spent.produced
    }

    /// Counts a round of locks. Returns true if the task is to yield: not after the first round since the task was
    /// switched to, since that may have begun under another task.
    pub(super) fn spend_round(&self, others_are_ready: bool) -> bool {
        let mut spent = self.spent.get();
        spent.rounds = spent.rounds.saturating_add(1);
        self.spent.set(spent);
        spent.rounds > 1 && (others_are_ready || spent.rounds >= ROUNDS)
    }

    /// Forgets what the running task has done: another one is about to run.
    #[inline]
    pub(super) fn reset(&self) {
        self.spent.set(Spent::default());
    }

    /// Returns true if timers and the OS are to be polled before another task runs, or if turns are held to the loop.
    #[inline]
    pub(super) fn is_poll_due(&self) -> bool {
        self.ticks.get() == 0
    }

    /// Counts a task that is about to run. No poll is due.
    #[inline]
    pub(super) fn tick(&self) {
        self.ticks.set(self.ticks.get() - 1);
    }

    /// Takes a tick back: the task does not run yet.
    #[inline]
    pub(super) fn untick(&self) {
        self.ticks.set(self.ticks.get() + 1);
    }

    /// Begins a new interval after a poll.
    #[inline]
    pub(super) fn polled(&self) {
        self.poll_after(TICKS_BETWEEN_POLLS);
    }

    /// Has the next poll come after so many turns, if it would come later.
    pub(super) fn poll_within(&self, turns: u64) {
        let left = self.ticks.get() + self.held.get();
        self.poll_after(turns.min(u64::from(left)) as u32);
    }

    #[inline]
    fn poll_after(&self, turns: u32) {
        self.due.set(self.turns() + u64::from(turns));
        let (ticks, held) = match self.is_held.get() {
            false => (turns, 0),
            true => (0, turns),
        };
        self.ticks.set(ticks);
        self.held.set(held);
    }

    /// Holds all turns to the loop from now on: a poll seems to be due before each.
    pub(super) fn hold(&self) {
        self.is_held.set(true);
        let left = self.ticks.get() + self.held.get();
        self.poll_after(left);
    }

    /// Returns true if turns are held to the loop.
    pub(super) fn is_held(&self) -> bool {
        self.is_held.get()
    }

    /// Returns true if a poll is due while turns are held to the loop.
    pub(super) fn is_held_poll_due(&self) -> bool {
        self.held.get() == 0
    }

    /// Counts a task that is about to run while turns are held to the loop. No poll is due.
    pub(super) fn held_tick(&self) {
        self.held.set(self.held.get() - 1);
    }

    /// Returns how many turns are planned, up to the next poll.
    #[inline]
    pub(super) fn planned(&self) -> u64 {
        self.due.get()
    }

    /// Returns how many tasks have run so far.
    #[inline]
    pub(super) fn turns(&self) -> u64 {
        self.due.get() - u64::from(self.ticks.get() + self.held.get())
    }

    /// Counts a turn of a task that was not in the run queue. Called before the first poll.
    pub(super) fn add_first_turn(&self) {
        self.due.update(|due| due + 1);
    }
}
