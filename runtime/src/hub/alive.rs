//! How many green threads are alive, on one hub and in the process.
//!
//! Counters that the hub's own OS thread alone changes need no read-modify-write instruction. What other OS threads
//! start has a counter of its own.
#![forbid(unsafe_code)]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::boundary;
use crate::reactor::forks;

/// The counts of all hubs, each with the number of forks before the process it was made in. Hubs live as long as
/// the process.
static COUNTS: Mutex<Vec<(u32, &'static AliveCount)>> = Mutex::new(Vec::new());

/// The green threads of one hub.
#[derive(Debug)]
pub(super) struct AliveCount {
    /// Started from other OS threads.
    sent: AtomicUsize,
    /// Started on the hub.
    started: AtomicUsize,
    /// Taken over from other workers.
    arrived: AtomicUsize,
    /// Taken over by other workers.
    left: AtomicUsize,
    /// Ended, as far as a joiner can observe.
    retired: AtomicUsize,
    /// Ended, and removed from the hub.
    removed: AtomicUsize,
}

impl AliveCount {
    pub(super) const fn new() -> Self {
        AliveCount {
            sent: AtomicUsize::new(0),
            started: AtomicUsize::new(0),
            arrived: AtomicUsize::new(0),
            left: AtomicUsize::new(0),
            retired: AtomicUsize::new(0),
            removed: AtomicUsize::new(0),
        }
    }

    /// Counts a green thread that another OS thread starts.
    pub(super) fn send(&self) {
        self.sent.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a green thread that is started on the hub.
    #[inline]
    pub(super) fn start(&self) {
        increment(&self.started);
    }

    /// Counts green threads that the hub of a worker takes over from that of another, on the OS thread of either.
    pub(super) fn take_over(&self, count: usize, victim: &AliveCount) {
        self.arrived.fetch_add(count, Ordering::Relaxed);
        // Release: pairs with the acquire in `load`.
        victim.left.fetch_add(count, Ordering::Release);
    }

    /// Returns how many green threads the hub has taken over from other workers.
    pub(super) fn taken_over(&self) -> usize {
        self.arrived.load(Ordering::Relaxed)
    }

    /// Counts a green thread that has ended, before a joiner can observe its end.
    #[inline]
    pub(super) fn retire(&self) {
        increment(&self.retired);
    }

    /// Counts a green thread that is removed from the hub.
    #[inline]
    pub(super) fn remove(&self) {
        increment(&self.removed);
    }

    /// Returns how many green threads the hub has, including those that are still in its inbox.
    pub(super) fn load(&self) -> usize {
        // What is subtracted is read first, so that no end is seen without its start.
        let removed = self.ended();
        let left = self.left.load(Ordering::Acquire);
        let came = self.all().wrapping_add(self.taken_over());
        came.wrapping_sub(removed).wrapping_sub(left)
    }

    /// Returns how many green threads were started on the hub.
    pub(super) fn spawned(&self) -> usize {
        self.all()
    }

    /// Returns how many green threads have ended and were removed from the hub.
    pub(super) fn ended(&self) -> usize {
        self.removed.load(Ordering::Acquire)
    }

    fn all(&self) -> usize {
        let here = self.started.load(Ordering::Relaxed);
        here.wrapping_add(self.sent.load(Ordering::Relaxed))
    }
}

/// Increments a counter that one OS thread alone changes.
#[inline]
fn increment(counter: &AtomicUsize) {
    let count = counter.load(Ordering::Relaxed);
    // Release: pairs with the acquire in `load` and `alive`.
    counter.store(count.wrapping_add(1), Ordering::Release);
}

/// Adds the count of a new hub of this process to what [`alive`] sums up.
pub(super) fn add(count: &'static AliveCount) {
    counts(|counts| counts.push((forks(), count)));
}

/// Returns how many green threads of this process were spawned and have not retired.
pub(crate) fn alive() -> usize {
    counts(|counts| {
        let sum = |number: fn(&AliveCount) -> usize| {
            counts
                .iter()
                .filter(|(process, _)| *process == forks())
                .map(|(_, count)| number(count))
                .fold(0, usize::wrapping_add)
        };
        // `retired` of all hubs is read first: a green thread that ends after that is counted as alive, and so is
        // what it has spawned before on another hub.
        let retired = sum(|count| count.retired.load(Ordering::Acquire));
        sum(AliveCount::all).wrapping_sub(retired)
    })
}

fn counts<R>(f: impl FnOnce(&mut Vec<(u32, &'static AliveCount)>) -> R) -> R {
    let _inside = boundary::enter();
    f(&mut COUNTS.lock().unwrap_or_else(PoisonError::into_inner))
}
