//! Noticing that nothing will ever happen on a hub again unless another OS thread sends something.
//!
//! A hub that would sleep without a timer sleeps for [`FIRST_PAUSE`] first. If nothing has come by then, and no task waits
//! for a descriptor, the hub is quiet: it has no runnable task, and can get one by a message alone. It says so in a word
//! that others read, calls the function that looks at the whole process, and sleeps on, for longer each time: the other
//! OS threads may end meanwhile, of which nothing tells.
//!
//! A report asks each hub what its tasks do, and wakes it for that. The hub is quiet again as soon as it has answered, and after
//! [`FIRST_CALLS`] answers it looks, as after a pause: else it would never look while something asks it all the time.
#![forbid(unsafe_code)]

use std::cell::Cell;
use std::sync::OnceLock;
use std::time::Duration;

use super::quiet::Quiet;

/// How long a hub sleeps before it looks whether it is quiet.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// How often a hub answers, with nothing else to do, before it looks whether it is quiet.
const FIRST_CALLS: u32 = 4;
/// How often both double.
const DOUBLINGS: u32 = 7;

/// What looks at the whole process when a hub is quiet. Without it no hub notices.
static WHEN_QUIET: OnceLock<fn()> = OnceLock::new();

/// Sets the function that hubs call, on their OS threads, while they are quiet. Returns false if it was set before. A hub that
/// sleeps already does not know of it.
pub(super) fn set_when_quiet(f: fn()) -> bool {
    WHEN_QUIET.set(f).is_ok()
}

/// How long a hub has been without anything to do, as its OS thread knows it.
pub(super) struct Idleness {
    /// The number of pauses in a row after which nothing had come.
    pauses: Cell<u32>,
    /// Whether tasks waited for descriptors after the last one, so that nothing is to be noticed.
    watches: Cell<bool>,
    /// The number of times that it has only answered since the last look.
    calls: Cell<u32>,
}

impl Idleness {
    pub(super) const fn new() -> Self {
        Idleness {
            pauses: Cell::new(0),
            watches: Cell::new(false),
            calls: Cell::new(0),
        }
    }

    /// Returns how long a hub sleeps that has no timer. `None` is until something comes.
    pub(super) fn pause(&self) -> Option<Duration> {
        WHEN_QUIET.get()?;
        let factor = 1 << self.pauses.get().min(DOUBLINGS);
        let pause = match self.calls.get() >= FIRST_CALLS * factor {
            true => Duration::ZERO,
            false => FIRST_PAUSE * factor,
        };
        (!self.watches.get()).then_some(pause)
    }

    /// Takes note of a pause in which nothing came. `watches` tells whether tasks wait for descriptors. Returns what looks at the
    /// whole process, which is to be called, if the hub is quiet.
    pub(super) fn add_pause(&self, quiet: &Quiet, watches: bool) -> Option<fn()> {
        let look = *WHEN_QUIET.get()?;
        if watches {
            self.end(quiet);
            self.watches.set(true);
            return None;
        }
        self.pauses.update(|pauses| pauses.saturating_add(1));
        self.calls.set(0);
        quiet.set(true);
        Some(look)
    }

    /// Says that the hub is not quiet, before it takes what was sent to it.
    #[inline]
    pub(super) fn before_messages(&self, quiet: &Quiet) {
        if self.pauses.get() > 0 {
            quiet.set(false);
        }
    }

    /// Takes note that the hub has done nothing since then but answer, and still has nothing to run.
    pub(super) fn has_answered(&self, quiet: &Quiet) {
        self.calls.update(|calls| calls.saturating_add(1));
        if self.pauses.get() > 0 {
            quiet.set(true);
        }
    }

    /// Takes note that something has come, or that the hub has a timer.
    #[inline]
    pub(super) fn end(&self, quiet: &Quiet) {
        if self.pauses.get() > 0 || self.watches.get() || self.calls.get() > 0 {
            self.pauses.set(0);
            self.watches.set(false);
            self.calls.set(0);
            quiet.set(false);
        }
    }
}
