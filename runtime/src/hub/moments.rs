//! When a hub was where, roughly: from a number that a wait notes, a report finds out for how long the wait has lasted.
//!
//! A wait notes how many turns the hub had planned when it began (`budget`), which is one number to copy. The hub
//! keeps a short list of such numbers with the time, by a clock that takes no more than a few nanoseconds to read:
//! one for each time that it goes to sleep, or now and then if it does not. When the list is full, entries are
//! dropped where a gap that is short beside their age is left.
#![allow(unsafe_code)]

use std::cell::{Cell, RefCell};
use std::mem::MaybeUninit;
use std::time::Duration;

/// The largest number of entries.
const LIMIT: usize = 512;
/// A gap between entries may be this part of their age. Entries of a month fit into the list then.
const PART: u32 = 20;
/// A hub that does not sleep adds an entry in one of this many polls.
const POLLS: u8 = 16;

/// The list of one hub.
#[derive(Debug)]
pub(super) struct Moments {
    list: RefCell<Vec<Moment>>,
    polls: Cell<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Moment {
    /// The number of turns that the hub had planned.
    mark: u64,
    at: Duration,
}

impl Moments {
    pub(super) fn new() -> Self {
        Moments {
            list: RefCell::new(Vec::with_capacity(LIMIT)),
            polls: Cell::new(0),
        }
    }

    /// Adds an entry: the hub is about to sleep.
    pub(super) fn add_before_sleep(&self, mark: u64) {
        self.add(mark, now());
    }

    /// Adds an entry now and then: the hub has polled.
    pub(super) fn add_after_poll(&self, mark: u64) {
        let polls = (self.polls.get() + 1) % POLLS;
        self.polls.set(polls);
        if polls == 0 {
            self.add(mark, now());
        }
    }

    fn add(&self, mark: u64, at: Duration) {
        let mut list = self.list.borrow_mut();
        match list.last_mut() {
            Some(last) if last.at == at => last.mark = mark,
            _ => {
                if list.len() == LIMIT {
                    thin_out(&mut list, at);
                }
                list.push(Moment { mark, at });
            }
        }
    }

    /// Returns how long ago the hub had planned `mark` turns, at least.
    pub(super) fn since(&self, mark: u64) -> Duration {
        self.since_by(mark, now())
    }

    fn since_by(&self, mark: u64, now: Duration) -> Duration {
        let list = self.list.borrow();
        let later = list.partition_point(|moment| moment.mark < mark);
        let at = list.get(later).map_or(now, |moment| moment.at);
        now.saturating_sub(at)
    }
}

/// Drops entries, at least one.
fn thin_out(list: &mut Vec<Moment>, now: Duration) {
    let mut kept = 1;
    for index in 1..list.len() - 1 {
        let next = list[index + 1];
        let gap = next.at.saturating_sub(list[kept - 1].at);
        if gap > now.saturating_sub(next.at) / PART {
            list[kept] = list[index];
            kept += 1;
        }
    }
    list[kept] = list[list.len() - 1];
    // Should no gap be short, the oldest entry is given up.
    let is_full = kept + 1 == list.len();
    list.truncate(kept + 1);
    if is_full {
        list.remove(0);
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
const CLOCK: libc::clockid_t = libc::CLOCK_MONOTONIC_COARSE;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const CLOCK: libc::clockid_t = libc::CLOCK_MONOTONIC;

/// Returns the time by a clock that is exact to some milliseconds.
fn now() -> Duration {
    let mut time = MaybeUninit::<libc::timespec>::zeroed();
    // SAFETY: the place is valid for the write.
    unsafe { libc::clock_gettime(CLOCK, time.as_mut_ptr()) };
    // SAFETY: zeros are a value, too.
    let time = unsafe { time.assume_init() };
    Duration::new(
        u64::try_from(time.tv_sec).unwrap_or_default(),
        u32::try_from(time.tv_nsec).unwrap_or_default(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_wait_has_lasted_since_the_next_entry_at_least() {
        let moments = Moments::new();
        assert_eq!(moments.since_by(5, seconds(9)), seconds(0));
        moments.add(10, seconds(1));
        moments.add(20, seconds(3));
        // Of two entries of the same time the later one stays.
        moments.add(25, seconds(3));
        for (mark, since) in [(5, 8), (10, 8), (11, 6), (25, 6), (26, 0)] {
            assert_eq!(moments.since_by(mark, seconds(9)), seconds(since), "{mark}");
        }
    }

    #[test]
    fn old_entries_get_sparse() {
        let moments = Moments::new();
        let count = 100_000;
        for number in 0..count {
            moments.add(number, seconds(number));
        }
        assert!(moments.list.borrow().len() <= LIMIT);
        for mark in 0..count {
            let real = count - mark;
            let found = moments.since_by(mark, seconds(count)).as_secs();
            let error = real - found;
            assert!(error <= 1 + real / 16, "{mark}: {found}");
        }
        // The last ones are all there.
        assert_eq!(moments.since_by(count - 1, seconds(count)), seconds(1));
    }

    #[test]
    fn the_clock_does_not_go_back() {
        let first = now();
        assert!(now() >= first && first > Duration::ZERO);
    }
}
