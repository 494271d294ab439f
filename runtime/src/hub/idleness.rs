//! Noticing that nothing will ever happen on a hub again unless another OS thread sends something.
//!
//! A hub that would sleep without a timer sleeps for [`FIRST_PAUSE`] first. If nothing has come by then, and no task waits
//! for a descriptor, the hub is quiet: it has no runnable task, and can get one by a message alone. It says so in a word
//! that others read, calls the function that looks at the whole process, and sleeps on, for longer each time: the other
//! OS threads may end meanwhile, of which nothing tells.
#![forbid(unsafe_code)]

use std::cell::Cell;
use std::sync::OnceLock;
use std::time::Duration;

use super::quiet::Quiet;

/// How long a hub sleeps before it looks whether it is quiet.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// How often the pause doubles.
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
}

impl Idleness {
    pub(super) const fn new() -> Self {
        Idleness {
            pauses: Cell::new(0),
            watches: Cell::new(false),
        }
    }

    /// Returns how long a hub sleeps that has no timer. `None` is until something comes.
    pub(super) fn pause(&self) -> Option<Duration> {
        WHEN_QUIET.get()?;
        let pause = FIRST_PAUSE * (1 << self.pauses.get().min(DOUBLINGS));
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
        quiet.set(true);
        Some(look)
    }

    /// Takes note that something has come, or that the hub has a timer.
    #[inline]
    pub(super) fn end(&self, quiet: &Quiet) {
        if self.pauses.get() > 0 || self.watches.get() {
            self.pauses.set(0);
            self.watches.set(false);
            quiet.set(false);
        }
    }
}
