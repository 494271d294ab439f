//! `sem_t`.
#![allow(unsafe_code)]

use std::ffi::c_int;

use super::deadline::Deadline;
use super::exports::exports;
use super::real::real;
use super::wait_for::wait_for;
use super::{errno, gate};
use crate::seam;
use crate::wait::sleepers;

exports![sem_wait, sem_timedwait, sem_trywait, sem_post];

type Semaphore = libc::sem_t;

real! { SEMAPHORES:
    fn sem_wait(semaphore: *mut Semaphore) -> c_int;
    fn sem_timedwait(semaphore: *mut Semaphore, time: *const libc::timespec) -> c_int;
    fn sem_trywait(semaphore: *mut Semaphore) -> c_int;
    fn sem_post(semaphore: *mut Semaphore) -> c_int;
}

/// Waits until the count is not zero, and takes one.
///
/// # Safety
///
/// That of the function of C, as for all below.
// SAFETY: it has the signature of libc's, as all below.
#[unsafe(no_mangle)]
unsafe extern "C-unwind" fn sem_wait(semaphore: *mut Semaphore) -> c_int {
    if gate::may_be_open() {
        // SAFETY: by the caller's contract.
        return unsafe { wait_giving_way(semaphore) };
    }
    // SAFETY: by the caller's contract.
    unsafe { Real::sem_wait(semaphore) }
}

/// Waits until the count is not zero, or until a time on the realtime clock.
///
/// # Safety
///
/// That of the function of C.
// SAFETY: as above.
#[unsafe(no_mangle)]
unsafe extern "C-unwind" fn sem_timedwait(
    semaphore: *mut Semaphore,
    time: *const libc::timespec,
) -> c_int {
    if gate::is_open() {
        // SAFETY: by the caller's contract.
        if let Some(result) = unsafe { wait(semaphore, Some(time)) } {
            return result;
        }
    }
    // SAFETY: by the caller's contract.
    unsafe { Real::sem_timedwait(semaphore, time) }
}

/// Takes one if the count is not zero.
///
/// # Safety
///
/// That of the function of C.
// SAFETY: as above.
#[unsafe(no_mangle)]
unsafe extern "C-unwind" fn sem_trywait(semaphore: *mut Semaphore) -> c_int {
    if !gate::may_be_open() {
        // SAFETY: by the caller's contract.
        return unsafe { Real::sem_trywait(semaphore) };
    }
    // SAFETY: by the caller's contract.
    let result = unsafe { Real::sem_trywait(semaphore) };
    if result != 0 && gate::is_open() {
        // A loop around this may wait for another green thread.
        seam::busy::busy();
    }
    result
}

/// Adds one to the count.
///
/// # Safety
///
/// That of the function of C.
// SAFETY: as above.
#[unsafe(no_mangle)]
unsafe extern "C-unwind" fn sem_post(semaphore: *mut Semaphore) -> c_int {
    if gate::are_there_hubs() {
        // SAFETY: by the caller's contract.
        return unsafe { post(semaphore) };
    }
    // The first hub may be made now, and a green thread may wait for this semaphore: it tries again after a while.
    // SAFETY: by the caller's contract.
    unsafe { Real::sem_post(semaphore) }
}

/// # Safety
///
/// That of the function of C.
#[inline(never)]
unsafe fn post(semaphore: *mut Semaphore) -> c_int {
    // SAFETY: by the caller's contract.
    let result = unsafe { Real::sem_post(semaphore) };
    sleepers::wake_after_release(semaphore.addr(), 1);
    result
}

/// # Safety
///
/// That of the function of C.
#[inline(never)]
unsafe fn wait_giving_way(semaphore: *mut Semaphore) -> c_int {
    if gate::is_open() {
        // SAFETY: by the caller's contract.
        if let Some(result) = unsafe { wait(semaphore, None) } {
            return result;
        }
    }
    // SAFETY: by the caller's contract.
    unsafe { Real::sem_wait(semaphore) }
}

/// Waits on a green thread. None if this must wait natively.
///
/// # Safety
///
/// That of the function of C.
#[inline(never)]
unsafe fn wait(semaphore: *mut Semaphore, time: Option<*const libc::timespec>) -> Option<c_int> {
    let attempt = || {
        // SAFETY: by the caller's contract.
        match unsafe { Real::sem_trywait(semaphore) } {
            0 => 0,
            _ => match errno::get() {
                libc::EAGAIN => libc::EBUSY,
                error => error,
            },
        }
    };
    let mut result = attempt();
    if result == libc::EBUSY {
        let mut deadline = None;
        if let Some(time) = time {
            // SAFETY: by the caller's contract.
            deadline = Deadline::at(libc::CLOCK_REALTIME, unsafe { time.read() });
            if deadline.is_none() {
                return Some(errno::fail(libc::EINVAL));
            }
        }
        result = wait_for(seam::libc::semaphore, semaphore.addr(), deadline, &attempt)?;
    }
    Some(match result {
        0 => 0,
        error => errno::fail(error),
    })
}
