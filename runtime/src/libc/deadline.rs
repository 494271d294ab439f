//! The times of C as deadlines.
#![allow(unsafe_code)]

use std::mem::MaybeUninit;
use std::time::{Duration, Instant};

/// A point in time on one of the system's clocks, or after a while.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadline {
    /// The clock, for a point in time.
    clock: Option<libc::clockid_t>,
    time: Duration,
    begun: Instant,
}

impl Deadline {
    /// Returns the point in time on `clock` of a `timespec`; none if that is invalid.
    pub(super) fn at(clock: libc::clockid_t, time: libc::timespec) -> Option<Deadline> {
        let mut deadline = Deadline::after(libc::timespec {
            tv_sec: time.tv_sec.max(0),
            tv_nsec: time.tv_nsec,
        })?;
        deadline.clock = Some(clock);
        Some(deadline)
    }

    /// Returns the point in time that is as far from now as a `timespec` says; none if that is invalid.
    pub(super) fn after(time: libc::timespec) -> Option<Deadline> {
        let seconds = u64::try_from(time.tv_sec).ok()?;
        let nanoseconds = u32::try_from(time.tv_nsec).ok()?;
        (nanoseconds < 1_000_000_000).then(|| Deadline {
            clock: None,
            time: Duration::new(seconds, nanoseconds),
            begun: Instant::now(),
        })
    }

    /// Returns it on std's clock, as far as is known now. None if the clock cannot represent it: it is never reached.
    pub(super) fn instant(&self) -> Option<Instant> {
        match self.clock {
            None => self.begun.checked_add(self.time),
            Some(clock) => Instant::now().checked_add(self.time.saturating_sub(now(clock))),
        }
    }

    /// Returns true if it has passed. A clock that was set back makes a deadline come later.
    pub(super) fn has_passed(&self) -> bool {
        match self.clock {
            None => self.begun.elapsed() >= self.time,
            Some(clock) => now(clock) >= self.time,
        }
    }
}

fn now(clock: libc::clockid_t) -> Duration {
    let mut time = MaybeUninit::<libc::timespec>::zeroed();
    // SAFETY: `time` is valid for the write.
    unsafe { libc::clock_gettime(clock, time.as_mut_ptr()) };
    // SAFETY: zeros are a value, too.
    let time = unsafe { time.assume_init() };
    Duration::new(time.tv_sec.max(0) as u64, time.tv_nsec as u32)
}
