//! How many green threads there are, of one hub and in the process.
//!
//! A hub's own counts are changed by its OS thread alone, without a read-modify-write instruction; what
//! other threads send is counted by itself.
#![forbid(unsafe_code)]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use super::{Hub, current, fork};

/// Every hub that was ever made; they live as long as the process.
static HUBS: Mutex<Vec<&'static Hub>> = Mutex::new(Vec::new());

/// The green threads of one hub.
#[derive(Debug)]
pub(super) struct Count {
    /// Started from other OS threads.
    sent: AtomicUsize,
    /// Started on the hub.
    started: AtomicUsize,
    /// Ended, as far as whoever waits for them can know.
    retired: AtomicUsize,
    /// Ended, and gone from the hub.
    gone: AtomicUsize,
}

impl Count {
    pub(super) const fn new() -> Self {
        Count {
            sent: AtomicUsize::new(0),
            started: AtomicUsize::new(0),
            retired: AtomicUsize::new(0),
            gone: AtomicUsize::new(0),
        }
    }

    /// Counts one that another OS thread starts.
    pub(super) fn send(&self) {
        self.sent.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts one that is started on the hub.
    #[inline]
    pub(super) fn start(&self) {
        one_more(&self.started);
    }

    /// Counts one that is gone.
    #[inline]
    pub(super) fn go(&self) {
        one_more(&self.gone);
    }

    /// How many there are, those on their way included.
    pub(super) fn load(&self) -> usize {
        // The ones that are gone first, so as not to see the end of one whose start is not seen.
        let gone = self.gone.load(Ordering::Acquire);
        self.all().wrapping_sub(gone)
    }

    fn all(&self) -> usize {
        let here = self.started.load(Ordering::Relaxed);
        here.wrapping_add(self.sent.load(Ordering::Relaxed))
    }
}

/// Adds to a counter that one OS thread alone changes.
#[inline]
fn one_more(counter: &AtomicUsize) {
    let count = counter.load(Ordering::Relaxed);
    // Release: the partner of the acquire in `load` and `alive`.
    counter.store(count.wrapping_add(1), Ordering::Release);
}

/// Remembers a new hub.
pub(super) fn add(hub: &'static Hub) {
    hubs(|hubs| hubs.push(hub));
}

/// How many green threads have been spawned and have not retired, in the whole process.
pub(crate) fn alive() -> usize {
    hubs(|hubs| {
        let sum = |count: fn(&Hub) -> usize| {
            hubs.iter()
                .filter(|hub| hub.process == fork::forks())
                .map(|hub| count(hub))
                .fold(0, usize::wrapping_add)
        };
        // Those of all hubs that have ended first: one that ends after that is counted, and so is what it has
        // spawned before on another hub.
        let retired = sum(|hub| hub.count.retired.load(Ordering::Acquire));
        sum(|hub| hub.count.all()).wrapping_sub(retired)
    })
}

/// Counts the green thread that calls it as ended, before whoever waits for it can know that it has.
#[inline]
pub(crate) fn retire() {
    if let Some(hub) = current() {
        if hub.is_forked_root() {
            return fork::end_with_the_last();
        }
        one_more(&hub.count.retired);
    }
}

fn hubs<R>(f: impl FnOnce(&mut Vec<&'static Hub>) -> R) -> R {
    f(&mut HUBS.lock().unwrap_or_else(PoisonError::into_inner))
}
