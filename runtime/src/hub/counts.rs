//! What the running task does again and again without ever having to wait: work that keeps others from running,
//! and questions that only they could answer.
#![forbid(unsafe_code)]

use super::Hub;

/// So many rounds of locks without a wait are polling, and then one in so many looks around.
const ROUNDS_BEFORE_A_LOOK: u32 = 64;

/// What the running task has done since it was switched to. Eight bytes, so that forgetting is one store.
#[derive(Clone, Copy, Default)]
pub(super) struct Counts {
    /// How often it has asked for something in vain.
    vain: u16,
    /// How often it has made work for others.
    produced: u16,
    /// How many rounds of locks it has taken.
    rounds: u32,
}

impl Hub {
    /// Counts how often in a row the running task has asked for something in vain.
    pub(crate) fn ask_in_vain(&self) -> u16 {
        let mut counts = self.local().counts.get();
        counts.vain = counts.vain.saturating_add(1);
        self.local().counts.set(counts);
        counts.vain
    }

    /// Counts how often in a row it has made work for others.
    pub(crate) fn produce(&self) -> u16 {
        let mut counts = self.local().counts.get();
        counts.produced = counts.produced.saturating_add(1);
        self.local().counts.set(counts);
        counts.produced
    }

    /// Counts a round of locks that the running task has taken, and lets others run if it was not the first
    /// since the task was switched to: a round may have begun under another one.
    pub(crate) fn polls(&'static self) {
        let mut counts = self.local().counts.get();
        counts.rounds = counts.rounds.saturating_add(1);
        self.local().counts.set(counts);
        let others = !self.local().ready.is_empty() || self.inbox.is_pending();
        // With no other that could run, what comes from outside is looked for now and then.
        if counts.rounds > 1 && (others || counts.rounds >= ROUNDS_BEFORE_A_LOOK) {
            self.yield_now();
        }
    }

    /// Begins to count anew: others are about to run.
    #[inline]
    pub(super) fn reset_counts(&self) {
        self.local().counts.set(Counts::default());
    }
}
