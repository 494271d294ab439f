//! `poll`, `select` and their relations.
//!
//! A green thread makes the call without a time, and waits before it makes it again. A call that has a signal mask other
//! than that of the thread is made by a helper, which takes the signals meanwhile.
#![allow(unsafe_code)]

use std::cell::Cell;
use std::ffi::{c_int, c_ulong};
use std::ptr;
use std::time::{Duration, Instant};

use libc::{fd_set, nfds_t, pollfd, sigset_t, size_t, timespec, timeval};

use super::elsewhere::elsewhere;
use super::exports::exports;
use super::real::real;
use super::waits::{self, Limit};
use super::{errno, gate, signal_mask};
use crate::descriptor::direction::Direction;
use crate::descriptor::ready::Interest;
use crate::seam;

exports![poll, __poll_chk, ppoll, __ppoll_chk, select, pselect];

real! { POLLING:
    fn poll(descriptors: *mut pollfd, count: nfds_t, timeout: c_int) -> c_int;
    fn __poll_chk(descriptors: *mut pollfd, count: nfds_t, timeout: c_int, room: size_t) -> c_int;
    fn ppoll(descriptors: *mut pollfd, count: nfds_t, timeout: *const timespec, mask: *const sigset_t) -> c_int;
    fn __ppoll_chk(descriptors: *mut pollfd, count: nfds_t, timeout: *const timespec, mask: *const sigset_t, room: size_t) -> c_int;
    fn select(count: c_int, read: *mut fd_set, write: *mut fd_set, except: *mut fd_set, timeout: *mut timeval) -> c_int;
    fn pselect(count: c_int, read: *mut fd_set, write: *mut fd_set, except: *mut fd_set, timeout: *const timespec, mask: *const sigset_t) -> c_int;
}

/// The bits of a word of an `fd_set`.
const BITS: usize = c_ulong::BITS as usize;

/// Waits for events of descriptors, for so many milliseconds.
///
/// # Safety
///
/// `descriptors` is valid for reads and writes of `count` elements.
// SAFETY: it has the signature of libc's.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C-unwind" fn poll(
    descriptors: *mut pollfd,
    count: nfds_t,
    timeout: c_int,
) -> c_int {
    if gate::may_be_open() {
        // SAFETY: by the caller's contract.
        return unsafe { poll_giving_way(descriptors, count, timeout) };
    }
    // SAFETY: by the caller's contract.
    unsafe { Real::poll(descriptors, count, timeout) }
}

/// [`poll`], apart from it so that a native thread's call is short.
///
/// # Safety
///
/// As for [`poll`].
#[inline(never)]
unsafe fn poll_giving_way(descriptors: *mut pollfd, count: nfds_t, timeout: c_int) -> c_int {
    // SAFETY: by the caller's contract.
    let own = |timeout| unsafe { Real::poll(descriptors, count, timeout) };
    if !gate::is_open() {
        return own(timeout);
    }
    // SAFETY: by the caller's contract.
    unsafe { wait(descriptors, count, Limit::milliseconds(timeout), &|| own(0)) }
        .unwrap_or_else(|| own(timeout))
}

/// [`poll`] for code that was compiled to check the size of its buffers.
///
/// # Safety
///
/// `descriptors` is valid for reads and writes of `room` bytes.
// SAFETY: it has the signature of libc's.
#[unsafe(no_mangle)]
unsafe extern "C-unwind" fn __poll_chk(
    descriptors: *mut pollfd,
    count: nfds_t,
    timeout: c_int,
    room: size_t,
) -> c_int {
    if room / size_of::<pollfd>() < count as usize {
        // It ends the process.
        // SAFETY: by the caller's contract.
        return unsafe { Real::__poll_chk(descriptors, count, timeout, room) };
    }
    // SAFETY: by the caller's contract.
    unsafe { poll(descriptors, count, timeout) }
}

/// Waits for events of descriptors, with a signal mask.
///
/// # Safety
///
/// As for [`poll`]; the time and the mask are null or valid for reads.
// SAFETY: it has the signature of libc's.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C-unwind" fn ppoll(
    descriptors: *mut pollfd,
    count: nfds_t,
    timeout: *const timespec,
    mask: *const sigset_t,
) -> c_int {
    // SAFETY: by the caller's contract.
    let own = || unsafe { Real::ppoll(descriptors, count, timeout, mask) };
    if !gate::is_open() {
        return own();
    }
    // SAFETY: by the caller's contract.
    let Some(limit) = (unsafe { Limit::timespec(timeout) }) else {
        return own();
    };
    // SAFETY: by the caller's contract.
    if limit != Limit::Now && unsafe { signal_mask::changes(mask) } {
        let call = seam::libc_io::poll;
        return elsewhere(call, &mut || own()).unwrap_or_else(own);
    }
    // SAFETY: by the caller's contract.
    let at_once = || unsafe { Real::poll(descriptors, count, 0) };
    // SAFETY: by the caller's contract.
    unsafe { wait(descriptors, count, limit, &at_once) }.unwrap_or_else(own)
}

/// [`ppoll`] for code that was compiled to check the size of its buffers.
///
/// # Safety
///
/// As for [`ppoll`]; `descriptors` is valid for reads and writes of `room` bytes.
// SAFETY: it has the signature of libc's.
#[unsafe(no_mangle)]
unsafe extern "C-unwind" fn __ppoll_chk(
    descriptors: *mut pollfd,
    count: nfds_t,
    timeout: *const timespec,
    mask: *const sigset_t,
    room: size_t,
) -> c_int {
    if room / size_of::<pollfd>() < count as usize {
        // It ends the process.
        // SAFETY: by the caller's contract.
        return unsafe { Real::__ppoll_chk(descriptors, count, timeout, mask, room) };
    }
    // SAFETY: by the caller's contract.
    unsafe { ppoll(descriptors, count, timeout, mask) }
}

/// Waits for events of the descriptors of three sets.
///
/// # Safety
///
/// The sets are null, or valid for reads and writes of `count` bits, in whole words, and so is the time.
// SAFETY: it has the signature of libc's.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C-unwind" fn select(
    count: c_int,
    read: *mut fd_set,
    write: *mut fd_set,
    except: *mut fd_set,
    timeout: *mut timeval,
) -> c_int {
    // SAFETY: by the caller's contract.
    let own = || unsafe { Real::select(count, read, write, except, timeout) };
    if !gate::is_open() {
        return own();
    }
    // SAFETY: by the caller's contract.
    let Some(limit) = (unsafe { Limit::timeval(timeout) }) else {
        return own();
    };
    let begun = Instant::now();
    // SAFETY: by the caller's contract.
    let result = unsafe { wait_for_sets(count, [read, write, except], limit) };
    let Some(result) = result else {
        return own();
    };
    if let Limit::For(time) = limit {
        // The kernel says what is left of it.
        let error = errno::get();
        let left = time.saturating_sub(begun.elapsed());
        // SAFETY: by the caller's contract.
        unsafe { timeout.write(to_timeval(left)) };
        errno::set(error);
    }
    result
}

/// Waits for events of the descriptors of three sets, with a signal mask.
///
/// # Safety
///
/// As for [`select`]; the mask is null or valid for a read.
// SAFETY: it has the signature of libc's.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C-unwind" fn pselect(
    count: c_int,
    read: *mut fd_set,
    write: *mut fd_set,
    except: *mut fd_set,
    timeout: *const timespec,
    mask: *const sigset_t,
) -> c_int {
    // SAFETY: by the caller's contract.
    let own = || unsafe { Real::pselect(count, read, write, except, timeout, mask) };
    if !gate::is_open() {
        return own();
    }
    // SAFETY: by the caller's contract.
    let Some(limit) = (unsafe { Limit::timespec(timeout) }) else {
        return own();
    };
    // SAFETY: by the caller's contract.
    if limit != Limit::Now && unsafe { signal_mask::changes(mask) } {
        let call = seam::libc_io::poll;
        return elsewhere(call, &mut || own()).unwrap_or_else(own);
    }
    // SAFETY: by the caller's contract.
    unsafe { wait_for_sets(count, [read, write, except], limit) }.unwrap_or_else(own)
}

/// Polls, and waits until that finds something. None if the thread may not wait so.
///
/// # Safety
///
/// As for [`poll`].
unsafe fn wait(
    descriptors: *mut pollfd,
    count: nfds_t,
    limit: Limit,
    at_once: &dyn Fn() -> c_int,
) -> Option<c_int> {
    waits::until_found(limit, at_once, &mut || {
        if count == 0 {
            return Some(Interest::Any(&[]));
        }
        let cells = descriptors.cast::<Cell<pollfd>>();
        // SAFETY: by the caller's contract; a cell has the layout of what is in it, and the attempts may change that.
        let all = unsafe { std::slice::from_raw_parts(cells, count as usize) };
        if let [one] = all
            && one.get().fd >= 0
            && let Some(direction) = direction(one.get().events)
        {
            return Some(Interest::One(one.get().fd, direction));
        }
        Some(Interest::Any(all))
    })
}

/// Returns the direction of these events, if they are of one.
fn direction(events: i16) -> Option<Direction> {
    const READ: i16 = libc::POLLIN | libc::POLLRDNORM | libc::POLLRDHUP;
    const WRITE: i16 = libc::POLLOUT | libc::POLLWRNORM;
    if events & libc::POLLIN != 0 && events & !READ == 0 {
        return Some(Direction::Read);
    }
    (events & libc::POLLOUT != 0 && events & !WRITE == 0).then_some(Direction::Write)
}

/// The same for sets.
///
/// # Safety
///
/// As for [`select`].
unsafe fn wait_for_sets(count: c_int, sets: [*mut fd_set; 3], limit: Limit) -> Option<c_int> {
    let number = usize::try_from(count).ok()?;
    let words = number.div_ceil(BITS);
    // The call changes the sets, so each attempt begins with what they were.
    let mut given = [const { Vec::<c_ulong>::new() }; 3];
    let mut descriptors = Vec::new();
    for (set, given) in sets.iter().zip(&mut given) {
        if set.is_null() {
            continue;
        }
        given.try_reserve_exact(words).ok()?;
        // SAFETY: by the caller's contract.
        let bits = unsafe { std::slice::from_raw_parts(set.cast::<c_ulong>(), words) };
        given.extend_from_slice(bits);
    }
    const EVENTS: [i16; 3] = [libc::POLLIN, libc::POLLOUT, libc::POLLPRI];
    for fd in 0..number {
        let mut events = 0;
        for (given, event) in given.iter().zip(EVENTS) {
            if given
                .get(fd / BITS)
                .is_some_and(|word| word >> (fd % BITS) & 1 != 0)
            {
                events |= event;
            }
        }
        if events != 0 {
            descriptors.try_reserve(1).ok()?;
            descriptors.push(pollfd {
                fd: fd as c_int,
                events,
                revents: 0,
            });
        }
    }
    let restore = || {
        for (set, given) in sets.iter().zip(&given) {
            if !set.is_null() {
                // SAFETY: by the caller's contract.
                unsafe {
                    ptr::copy_nonoverlapping(given.as_ptr(), set.cast::<c_ulong>(), given.len());
                }
            }
        }
    };
    let at_once = || {
        restore();
        let mut zero = to_timeval(Duration::ZERO);
        let [read, write, except] = sets;
        // SAFETY: by the caller's contract.
        unsafe { Real::select(count, read, write, except, &raw mut zero) }
    };
    let descriptors = Cell::from_mut(descriptors.as_mut_slice()).as_slice_of_cells();
    let result = waits::until_found(limit, &at_once, &mut || Some(Interest::Any(descriptors)));
    match result {
        None => restore(),
        // A call that fails does not change the sets.
        Some(-1) => {
            let error = errno::get();
            restore();
            errno::set(error);
        }
        Some(_) => {}
    }
    result
}

fn to_timeval(time: Duration) -> timeval {
    timeval {
        tv_sec: time.as_secs() as _,
        tv_usec: time.subsec_micros() as _,
    }
}
