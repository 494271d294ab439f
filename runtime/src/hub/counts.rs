//! What a hub has done so far, in numbers that any OS thread reads.
//!
//! The hub's own OS thread alone changes them, so no counter needs a read-modify-write instruction. Turns and yields
//! are not counted one by one: the hub derives them when it polls and before it sleeps (`tally`).
#![forbid(unsafe_code)]

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use super::delays::{BUCKETS, bucket};

/// Whether hubs measure times, which takes reads of the clock.
static IS_TIMED: AtomicBool = AtomicBool::new(false);

/// Sets whether hubs measure how long they poll and sleep, and how long runnable tasks wait for their turns.
pub(crate) fn set_timed(on: bool) {
    // Relaxed: a hub may notice it late.
    IS_TIMED.store(on, Ordering::Relaxed);
}

/// Returns whether hubs measure times.
#[inline]
pub(crate) fn is_timed() -> bool {
    IS_TIMED.load(Ordering::Relaxed)
}

/// The counters of one hub.
#[derive(Debug)]
pub(super) struct Counts {
    turns: AtomicU64,
    parks: AtomicU64,
    yields: AtomicU64,
    remote_wakes: AtomicU64,
    polls: AtomicU64,
    sleeps: AtomicU64,
    /// In nanoseconds.
    poll_time: AtomicU64,
    /// In nanoseconds.
    sleep_time: AtomicU64,
    delays: [AtomicU64; BUCKETS],
}

/// The counters of one hub as they were read.
#[derive(Clone, Debug)]
pub(crate) struct Tally {
    pub(crate) spawned: u64,
    pub(crate) alive: u64,
    pub(crate) taken_over: u64,
    pub(crate) turns: u64,
    pub(crate) parks: u64,
    pub(crate) yields: u64,
    pub(crate) remote_wakes: u64,
    pub(crate) polls: u64,
    pub(crate) sleeps: u64,
    pub(crate) poll_time: Duration,
    pub(crate) sleep_time: Duration,
    /// How many of the delays that were sampled are in each bucket.
    pub(crate) delays: [u64; BUCKETS],
}

impl Counts {
    pub(super) const fn new() -> Self {
        Counts {
            turns: AtomicU64::new(0),
            parks: AtomicU64::new(0),
            yields: AtomicU64::new(0),
            remote_wakes: AtomicU64::new(0),
            polls: AtomicU64::new(0),
            sleeps: AtomicU64::new(0),
            poll_time: AtomicU64::new(0),
            sleep_time: AtomicU64::new(0),
            delays: [const { AtomicU64::new(0) }; BUCKETS],
        }
    }

    /// Counts a turn that ends with a park.
    #[inline]
    pub(super) fn add_park(&self) {
        add(&self.parks, 1);
    }

    /// Counts a wake-up that another OS thread has sent.
    #[inline]
    pub(super) fn add_remote_wake(&self) {
        add(&self.remote_wakes, 1);
    }

    /// Counts a poll of timers, messages and the OS.
    pub(super) fn add_poll(&self) {
        add(&self.polls, 1);
    }

    /// Counts a sleep of the OS thread.
    pub(super) fn add_sleep(&self) {
        add(&self.sleeps, 1);
    }

    /// Adds the length of a poll.
    pub(super) fn add_poll_time(&self, time: Duration) {
        add(&self.poll_time, nanoseconds(time));
    }

    /// Adds the length of a sleep.
    pub(super) fn add_sleep_time(&self, time: Duration) {
        add(&self.sleep_time, nanoseconds(time));
    }

    /// Adds a sample of how long a runnable task waits for its turn.
    pub(super) fn add_delay(&self, delay: Duration) {
        add(&self.delays[bucket(delay)], 1);
    }

    /// Sets the number of turns so far. `ended` of them ended the green thread, and `running` do not have an end yet.
    pub(super) fn set_turns(&self, turns: u64, ended: u64, running: u64) {
        let parks = self.parks.load(Ordering::Relaxed);
        let yields = turns.wrapping_sub(parks + ended + running);
        self.turns.store(turns, Ordering::Relaxed);
        self.yields.store(yields, Ordering::Relaxed);
    }

    /// Returns the counters, without those of green threads, which are elsewhere.
    pub(super) fn read(&self) -> Tally {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Tally {
            spawned: 0,
            alive: 0,
            taken_over: 0,
            turns: read(&self.turns),
            parks: read(&self.parks),
            yields: read(&self.yields),
            remote_wakes: read(&self.remote_wakes),
            polls: read(&self.polls),
            sleeps: read(&self.sleeps),
            poll_time: Duration::from_nanos(read(&self.poll_time)),
            sleep_time: Duration::from_nanos(read(&self.sleep_time)),
            delays: std::array::from_fn(|index| read(&self.delays[index])),
        }
    }
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// Adds to a counter that one OS thread alone changes.
#[inline]
fn add(counter: &AtomicU64, number: u64) {
    // Relaxed: each counter is read by itself.
    let count = counter.load(Ordering::Relaxed);
    counter.store(count.wrapping_add(number), Ordering::Relaxed);
}
