//! Calls that look for events, and wait for them up to a limit.
#![allow(unsafe_code)]

use std::ffi::c_int;
use std::time::{Duration, Instant};

use libc::{timespec, timeval};

use super::errno;
use crate::descriptor::ready::{Ended, Interest, Ready, Waiting};
use crate::seam;

/// How long a call waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Limit {
    /// Not at all.
    Now,
    For(Duration),
    Forever,
}

impl Limit {
    /// Returns the limit of so many milliseconds. A negative number is none.
    pub(super) fn milliseconds(time: c_int) -> Limit {
        match u64::try_from(time) {
            Ok(0) => Limit::Now,
            Ok(time) => Limit::For(Duration::from_millis(time)),
            Err(_) => Limit::Forever,
        }
    }

    /// Returns the limit of a time; forever if it is null. None if it is invalid.
    ///
    /// # Safety
    ///
    /// `time` is null or valid for a read.
    pub(super) unsafe fn timespec(time: *const timespec) -> Option<Limit> {
        if time.is_null() {
            return Some(Limit::Forever);
        }
        // SAFETY: by the caller's contract.
        let time = unsafe { time.read() };
        Limit::of(time.tv_sec, time.tv_nsec)
    }

    /// The same for a time in microseconds, of which there may be more than a second has.
    ///
    /// # Safety
    ///
    /// `time` is null or valid for a read.
    pub(super) unsafe fn timeval(time: *const timeval) -> Option<Limit> {
        if time.is_null() {
            return Some(Limit::Forever);
        }
        // SAFETY: by the caller's contract.
        let time = unsafe { time.read() };
        let seconds = time.tv_sec.checked_add(time.tv_usec / 1_000_000)?;
        Limit::of(seconds, time.tv_usec % 1_000_000 * 1000)
    }

    fn of(seconds: i64, nanoseconds: i64) -> Option<Limit> {
        let seconds = u64::try_from(seconds).ok()?;
        let nanoseconds = u32::try_from(nanoseconds).ok()?;
        match (seconds, nanoseconds) {
            (_, 1_000_000_000..) => None,
            (0, 0) => Some(Limit::Now),
            _ => Some(Limit::For(Duration::new(seconds, nanoseconds))),
        }
    }
}

/// Looks `at_once`, and waits until that finds something, up to a limit. Returns what a call of libc returns, with `errno`.
/// None if the thread may not wait so: then the call is to be libc's own.
pub(super) fn until_found<'a>(
    limit: Limit,
    at_once: &dyn Fn() -> c_int,
    interest: &mut dyn FnMut() -> Option<Interest<'a>>,
) -> Option<c_int> {
    let result = at_once();
    if result != 0 {
        if result > 0 {
            seam::libc_io::transfer(&mut Waiting::Transferred);
        }
        return Some(result);
    }
    let deadline = match limit {
        Limit::Now => {
            seam::busy::busy();
            return Some(0);
        }
        Limit::For(time) => Instant::now().checked_add(time),
        Limit::Forever => None,
    };
    let mut found = 0;
    let mut error = 0;
    let mut attempt = || {
        found = at_once();
        if found == -1 {
            error = errno::get();
        }
        found != 0
    };
    let ended = seam::libc_io::poll(&mut Waiting::Ready(Ready {
        interest: interest()?,
        deadline,
        restarts: false,
        attempt: &mut attempt,
    }))?;
    Some(match ended {
        Ended::Done if found == -1 => errno::fail(error),
        Ended::Done => found,
        Ended::TimedOut => 0,
        Ended::Interrupted => errno::fail(libc::EINTR),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_limits() {
        assert_eq!(Limit::milliseconds(-5), Limit::Forever);
        assert_eq!(Limit::milliseconds(0), Limit::Now);
        assert_eq!(
            Limit::of(1, 999_999_999),
            Some(Limit::For(Duration::new(1, 999_999_999)))
        );
        for (seconds, nanoseconds) in [(-1, 0), (0, -1), (0, 1_000_000_000)] {
            assert_eq!(Limit::of(seconds, nanoseconds), None);
        }
        let time = timeval {
            tv_sec: 1,
            tv_usec: 2_500_000,
        };
        // SAFETY: it is valid for a read.
        let limit = unsafe { Limit::timeval(&raw const time) };
        assert_eq!(limit, Some(Limit::For(Duration::from_millis(3500))));
    }
}
