//! How long a worker waits for a message before it sleeps.
//!
//! A hub that sleeps is woken by a system call, and comes back from another. A message that comes soon is cheaper to wait
//! for. A wait in vain halves the next one, down to none. A sleep that a message ends at once shows that a wait
//! would have paid, and makes the next one as long as it may be. So a hub whose messages are far apart does not
//! spin.
#![forbid(unsafe_code)]

use std::cell::Cell;
use std::time::Duration;

/// The longest wait: about what it costs two hubs to sleep and to wake each other.
const LONGEST: Duration = Duration::from_micros(20);
/// The shortest wait; less is none.
const SHORTEST: Duration = Duration::from_micros(1);
/// A message that ends a sleep sooner than this after its begin was worth a wait.
const SOON: Duration = Duration::from_micros(50);

/// The time that one hub is to wait.
pub(super) struct Patience(Cell<Duration>);

impl Patience {
    pub(super) const fn new() -> Self {
        Patience(Cell::new(LONGEST))
    }

    /// Returns how long to wait; zero is not at all.
    pub(super) fn get(&self) -> Duration {
        self.0.get()
    }

    /// Takes note of a message that came while the hub waited.
    pub(super) fn has_paid(&self) {
        self.0.set(LONGEST);
    }

    /// Takes note of a wait in vain.
    pub(super) fn was_in_vain(&self) {
        let half = self.0.get() / 2;
        self.0.set(if half < SHORTEST {
            Duration::ZERO
        } else {
            half
        });
    }

    /// Takes note of a sleep that a message has ended.
    pub(super) fn has_slept(&self, time: Duration) {
        if time < SOON {
            self.0.set(LONGEST);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_in_vain_end_and_a_short_sleep_begins_them_again() {
        let patience = Patience::new();
        let mut waits = 0;
        while !patience.get().is_zero() {
            patience.was_in_vain();
            waits += 1;
        }
        assert!(waits > 1);
        patience.has_slept(2 * SOON);
        assert_eq!(patience.get(), Duration::ZERO);
        patience.has_slept(SOON / 2);
        assert_eq!(patience.get(), LONGEST);
        patience.was_in_vain();
        patience.has_paid();
        assert_eq!(patience.get(), LONGEST);
    }
}
