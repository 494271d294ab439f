//! `sleep` and its relations.
#![allow(unsafe_code)]

use std::ffi::{c_int, c_uint};
use std::time::{Duration, Instant};

use libc::{clockid_t, timespec};

use super::deadline::Deadline;
use super::elsewhere::elsewhere;
use super::exports::exports;
use super::real::real;
use super::{errno, gate};
use crate::descriptor::ready::{Ended, Waiting};
use crate::seam;

exports![sleep, usleep, nanosleep, clock_nanosleep];

real! { SLEEPING:
    fn sleep(seconds: c_uint) -> c_uint;
    fn usleep(microseconds: c_uint) -> c_int;
    fn nanosleep(time: *const timespec, left: *mut timespec) -> c_int;
    fn clock_nanosleep(clock: clockid_t, flags: c_int, time: *const timespec, left: *mut timespec) -> c_int;
}

/// Sleeps seconds. Returns those that are left if a signal ends the sleep.
// SAFETY: it has the signature of libc's.
#[unsafe(no_mangle)]
extern "C-unwind" fn sleep(seconds: c_uint) -> c_uint {
    if gate::is_open() {
        match sleep_for(Duration::from_secs(seconds.into())) {
            Some(Ok(())) => return 0,
            Some(Err(left)) => return left.as_secs() as c_uint,
            None => {}
        }
    }
    // SAFETY: it has no preconditions.
    unsafe { Real::sleep(seconds) }
}

/// Sleeps microseconds.
// SAFETY: it has the signature of libc's.
#[unsafe(no_mangle)]
extern "C-unwind" fn usleep(microseconds: c_uint) -> c_int {
    if gate::is_open() {
        match sleep_for(Duration::from_micros(microseconds.into())) {
            Some(Ok(())) => return 0,
            Some(Err(_)) => return errno::fail(libc::EINTR),
            None => {}
        }
    }
    // SAFETY: it has no preconditions.
    unsafe { Real::usleep(microseconds) }
}

/// Sleeps.
///
/// # Safety
///
/// `time` is valid for a read, and `left` null or valid for a write.
// SAFETY: it has the signature of libc's.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C-unwind" fn nanosleep(
    time: *const timespec,
    left: *mut timespec,
) -> c_int {
    if gate::is_open() && !time.is_null() {
        // SAFETY: by the caller's contract.
        match unsafe { sleep_on(libc::CLOCK_MONOTONIC, 0, time, left) } {
            Some(0) => return 0,
            Some(error) => return errno::fail(error),
            None => {}
        }
    }
    // SAFETY: by the caller's contract.
    unsafe { Real::nanosleep(time, left) }
}

/// Sleeps on one of the system's clocks. Returns the error.
///
/// # Safety
///
/// As for [`nanosleep`].
// SAFETY: it has the signature of libc's.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C-unwind" fn clock_nanosleep(
    clock: clockid_t,
    flags: c_int,
    time: *const timespec,
    left: *mut timespec,
) -> c_int {
    // SAFETY: by the caller's contract.
    let own = || unsafe { Real::clock_nanosleep(clock, flags, time, left) };
    if !gate::is_open() || time.is_null() {
        return own();
    }
    match clock {
        libc::CLOCK_MONOTONIC | libc::CLOCK_REALTIME | libc::CLOCK_BOOTTIME | libc::CLOCK_TAI => {
            // SAFETY: by the caller's contract.
            unsafe { sleep_on(clock, flags, time, left) }.unwrap_or_else(own)
        }
        // A clock of the process's time.
        libc::CLOCK_PROCESS_CPUTIME_ID => {
            elsewhere(seam::libc_io::sleep, &mut || own()).unwrap_or_else(own)
        }
        _ => own(),
    }
}

/// Sleeps for a time. Fails with what is left of it if a signal ends the sleep. None if the thread may not sleep so.
fn sleep_for(time: Duration) -> Option<Result<(), Duration>> {
    // A deadline that the clock cannot represent is never reached.
    let deadline = Instant::now().checked_add(time);
    match seam::libc_io::sleep(&mut Waiting::Until(deadline))? {
        Ended::Interrupted => Some(Err(left_until(deadline, time))),
        Ended::Done | Ended::TimedOut => Some(Ok(())),
    }
}

/// Returns an error of `clock_nanosleep`, or zero. None if the call is to be libc's own.
///
/// # Safety
///
/// As for [`clock_nanosleep`].
unsafe fn sleep_on(
    clock: clockid_t,
    flags: c_int,
    time: *const timespec,
    left: *mut timespec,
) -> Option<c_int> {
    // SAFETY: by the caller's contract.
    let time = unsafe { time.read() };
    let is_absolute = flags & libc::TIMER_ABSTIME != 0;
    let deadline = match is_absolute {
        true if time.tv_sec < 0 => None,
        true => Deadline::at(clock, time),
        false => Deadline::after(time),
    }?;
    loop {
        let until = deadline.instant();
        match seam::libc_io::sleep(&mut Waiting::Until(until))? {
            Ended::Interrupted => {
                if !is_absolute && !left.is_null() {
                    let rest = left_until(until, Duration::MAX);
                    // SAFETY: by the caller's contract.
                    unsafe {
                        left.write(timespec {
                            tv_sec: rest.as_secs() as _,
                            tv_nsec: rest.subsec_nanos() as _,
                        });
                    }
                }
                return Some(libc::EINTR);
            }
            // The clock may have been set back meanwhile.
            Ended::Done | Ended::TimedOut if !deadline.has_passed() => {}
            Ended::Done | Ended::TimedOut => return Some(0),
        }
    }
}

fn left_until(deadline: Option<Instant>, never: Duration) -> Duration {
    deadline.map_or(never, |deadline| {
        deadline.saturating_duration_since(Instant::now())
    })
}
