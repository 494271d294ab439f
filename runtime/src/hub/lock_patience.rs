//! For how long a green thread of a worker polls a lock that another thread holds, before it queues.
//!
//! A holder that runs on another core releases the lock soon, mostly sooner than this thread could queue and be woken. One
//! that waits, or that is on the same hub, does not. Which of them it is shows: a poll that finds the lock free makes the next
//! ones as long as they may be, and polls in vain halve them. So where locks are held across waits, hardly anything
//! is polled.
#![forbid(unsafe_code)]

use std::cell::Cell;

/// The largest number of polls: about as long as it takes to queue, to switch and to be woken.
const MOST: u32 = 64;
/// The smallest number, by which a hub finds out that polls would pay again.
const LEAST: u32 = 2;

/// The number of polls that green threads of one hub make.
pub(super) struct LockPatience(Cell<u32>);

impl LockPatience {
    pub(super) const fn new() -> Self {
        LockPatience(Cell::new(MOST))
    }

    /// Returns how often to poll.
    pub(super) fn polls(&self) -> u32 {
        self.0.get()
    }

    /// Takes note of whether the polls have found the lock free.
    pub(super) fn has_polled(&self, is_free: bool) {
        self.0.set(match is_free {
            true => MOST,
            false => (self.0.get() / 2).max(LEAST),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn polls_in_vain_become_few_and_one_that_pays_makes_them_many() {
        let patience = LockPatience::new();
        for _ in 0..10 {
            patience.has_polled(false);
        }
        assert_eq!(patience.polls(), LEAST);
        patience.has_polled(true);
        assert_eq!(patience.polls(), MOST);
    }
}
