//! `epoll_wait` and its relations. An epoll instance can itself be waited for: it can be read when it has events.
#![allow(unsafe_code)]

use std::ffi::c_int;

use libc::{epoll_event, sigset_t, timespec};

use super::elsewhere::elsewhere;
use super::exports::exports;
use super::real::real;
use super::waits::{self, Limit};
use super::{gate, signal_mask};
use crate::descriptor::direction::Direction;
use crate::descriptor::ready::Interest;
use crate::seam;

exports![epoll_wait, epoll_pwait, epoll_pwait2];

real! { EVENTS:
    fn epoll_wait(epoll: c_int, events: *mut epoll_event, count: c_int, timeout: c_int) -> c_int;
    fn epoll_pwait(epoll: c_int, events: *mut epoll_event, count: c_int, timeout: c_int, mask: *const sigset_t) -> c_int;
    fn epoll_pwait2(epoll: c_int, events: *mut epoll_event, count: c_int, timeout: *const timespec, mask: *const sigset_t) -> c_int;
}

/// Waits for events of an epoll instance, for so many milliseconds.
///
/// # Safety
///
/// `events` is valid for writes of `count` elements.
// SAFETY: it has the signature of libc's.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C-unwind" fn epoll_wait(
    epoll: c_int,
    events: *mut epoll_event,
    count: c_int,
    timeout: c_int,
) -> c_int {
    if gate::may_be_open() {
        // SAFETY: by the caller's contract.
        return unsafe { epoll_wait_giving_way(epoll, events, count, timeout) };
    }
    // SAFETY: by the caller's contract.
    unsafe { Real::epoll_wait(epoll, events, count, timeout) }
}

/// [`epoll_wait`], apart from it so that a native thread's call is short.
///
/// # Safety
///
/// As for [`epoll_wait`].
#[inline(never)]
unsafe fn epoll_wait_giving_way(
    epoll: c_int,
    events: *mut epoll_event,
    count: c_int,
    timeout: c_int,
) -> c_int {
    // SAFETY: by the caller's contract.
    let own = |timeout| unsafe { Real::epoll_wait(epoll, events, count, timeout) };
    if !gate::is_open() {
        return own(timeout);
    }
    wait(epoll, Limit::milliseconds(timeout), &|| own(0)).unwrap_or_else(|| own(timeout))
}

/// [`epoll_wait`] with a signal mask.
///
/// # Safety
///
/// As for [`epoll_wait`]; the mask is null or valid for a read.
// SAFETY: it has the signature of libc's.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C-unwind" fn epoll_pwait(
    epoll: c_int,
    events: *mut epoll_event,
    count: c_int,
    timeout: c_int,
    mask: *const sigset_t,
) -> c_int {
    // SAFETY: by the caller's contract.
    let own = || unsafe { Real::epoll_pwait(epoll, events, count, timeout, mask) };
    if !gate::is_open() {
        return own();
    }
    // SAFETY: by the caller's contract.
    if timeout != 0 && unsafe { signal_mask::changes(mask) } {
        return wait_elsewhere(&own);
    }
    // SAFETY: by the caller's contract.
    let at_once = || unsafe { Real::epoll_wait(epoll, events, count, 0) };
    wait(epoll, Limit::milliseconds(timeout), &at_once).unwrap_or_else(own)
}

/// [`epoll_pwait`] with a time in nanoseconds.
///
/// # Safety
///
/// As for [`epoll_pwait`]; the time is null or valid for a read.
// SAFETY: it has the signature of libc's.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C-unwind" fn epoll_pwait2(
    epoll: c_int,
    events: *mut epoll_event,
    count: c_int,
    timeout: *const timespec,
    mask: *const sigset_t,
) -> c_int {
    // SAFETY: by the caller's contract.
    let own = || unsafe { Real::epoll_pwait2(epoll, events, count, timeout, mask) };
    if !gate::is_open() {
        return own();
    }
    // SAFETY: by the caller's contract.
    let Some(limit) = (unsafe { Limit::timespec(timeout) }) else {
        return own();
    };
    // SAFETY: by the caller's contract.
    if limit != Limit::Now && unsafe { signal_mask::changes(mask) } {
        return wait_elsewhere(&own);
    }
    // SAFETY: by the caller's contract.
    let at_once = || unsafe { Real::epoll_wait(epoll, events, count, 0) };
    wait(epoll, limit, &at_once).unwrap_or_else(own)
}

fn wait(epoll: c_int, limit: Limit, at_once: &dyn Fn() -> c_int) -> Option<c_int> {
    let interest = Interest::One(epoll, Direction::Read);
    waits::until_found(limit, at_once, &mut || Some(interest))
}

#[cold]
fn wait_elsewhere(own: &dyn Fn() -> c_int) -> c_int {
    elsewhere(seam::libc_io::poll, &mut || own()).unwrap_or_else(own)
}
