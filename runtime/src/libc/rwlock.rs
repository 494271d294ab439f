//! `pthread_rwlock_t`.
#![allow(unsafe_code)]

use std::ffi::c_int;

use super::deadline::Deadline;
use super::exports::exports;
use super::gate;
use super::real::real;
use super::wait_for::wait_for;
use crate::seam;
use crate::wait::sleepers;

exports![
    pthread_rwlock_rdlock,
    pthread_rwlock_wrlock,
    pthread_rwlock_timedrdlock,
    pthread_rwlock_timedwrlock,
    pthread_rwlock_unlock,
];

type RwLock = libc::pthread_rwlock_t;

real! { RWLOCKS:
    fn pthread_rwlock_rdlock(lock: *mut RwLock) -> c_int;
    fn pthread_rwlock_wrlock(lock: *mut RwLock) -> c_int;
    fn pthread_rwlock_tryrdlock(lock: *mut RwLock) -> c_int;
    fn pthread_rwlock_trywrlock(lock: *mut RwLock) -> c_int;
    fn pthread_rwlock_timedrdlock(lock: *mut RwLock, time: *const libc::timespec) -> c_int;
    fn pthread_rwlock_timedwrlock(lock: *mut RwLock, time: *const libc::timespec) -> c_int;
    fn pthread_rwlock_unlock(lock: *mut RwLock) -> c_int;
}

/// Waits until no thread writes.
///
/// # Safety
///
/// That of the function of C, as for all below.
// SAFETY: it has the signature of libc's, as all below.
#[unsafe(no_mangle)]
unsafe extern "C-unwind" fn pthread_rwlock_rdlock(lock: *mut RwLock) -> c_int {
    if gate::may_be_open() {
        // SAFETY: by the caller's contract.
        return unsafe { read_giving_way(lock) };
    }
    // SAFETY: by the caller's contract.
    unsafe { Real::pthread_rwlock_rdlock(lock) }
}

/// [`pthread_rwlock_rdlock`], apart from it so that a native thread's call is short.
///
/// # Safety
///
/// That of the function of C.
#[inline(never)]
unsafe fn read_giving_way(lock: *mut RwLock) -> c_int {
    let attempt = || {
        // SAFETY: by the caller's contract.
        unsafe { Real::pthread_rwlock_tryrdlock(lock) }
    };
    match take(lock, None, &attempt) {
        Some(result) => result,
        // SAFETY: by the caller's contract.
        None => unsafe { Real::pthread_rwlock_rdlock(lock) },
    }
}

/// Waits until no other thread reads or writes.
///
/// # Safety
///
/// That of the function of C.
// SAFETY: as above.
#[unsafe(no_mangle)]
unsafe extern "C-unwind" fn pthread_rwlock_wrlock(lock: *mut RwLock) -> c_int {
    if gate::may_be_open() {
        // SAFETY: by the caller's contract.
        return unsafe { write_giving_way(lock) };
    }
    // SAFETY: by the caller's contract.
    unsafe { Real::pthread_rwlock_wrlock(lock) }
}

/// [`pthread_rwlock_wrlock`], apart from it so that a native thread's call is short.
///
/// # Safety
///
/// That of the function of C.
#[inline(never)]
unsafe fn write_giving_way(lock: *mut RwLock) -> c_int {
    let attempt = || {
        // SAFETY: by the caller's contract.
        unsafe { Real::pthread_rwlock_trywrlock(lock) }
    };
    match take(lock, None, &attempt) {
        Some(result) => result,
        // SAFETY: by the caller's contract.
        None => unsafe { Real::pthread_rwlock_wrlock(lock) },
    }
}

/// Waits until no thread writes, or until a time on the realtime clock.
///
/// # Safety
///
/// That of the function of C.
// SAFETY: as above.
#[unsafe(no_mangle)]
unsafe extern "C-unwind" fn pthread_rwlock_timedrdlock(
    lock: *mut RwLock,
    time: *const libc::timespec,
) -> c_int {
    let attempt = || {
        // SAFETY: by the caller's contract.
        unsafe { Real::pthread_rwlock_tryrdlock(lock) }
    };
    match take(lock, Some(time), &attempt) {
        Some(result) => result,
        // SAFETY: by the caller's contract.
        None => unsafe { Real::pthread_rwlock_timedrdlock(lock, time) },
    }
}

/// Waits until no other thread reads or writes, or until a time on the realtime clock.
///
/// # Safety
///
/// That of the function of C.
// SAFETY: as above.
#[unsafe(no_mangle)]
unsafe extern "C-unwind" fn pthread_rwlock_timedwrlock(
    lock: *mut RwLock,
    time: *const libc::timespec,
) -> c_int {
    let attempt = || {
        // SAFETY: by the caller's contract.
        unsafe { Real::pthread_rwlock_trywrlock(lock) }
    };
    match take(lock, Some(time), &attempt) {
        Some(result) => result,
        // SAFETY: by the caller's contract.
        None => unsafe { Real::pthread_rwlock_timedwrlock(lock, time) },
    }
}

/// Unlocks what the calling thread has locked.
///
/// # Safety
///
/// That of the function of C.
// SAFETY: as above.
#[unsafe(no_mangle)]
unsafe extern "C-unwind" fn pthread_rwlock_unlock(lock: *mut RwLock) -> c_int {
    if gate::are_there_hubs() {
        // SAFETY: by the caller's contract.
        return unsafe { unlock(lock) };
    }
    // The first hub may be made now, and a green thread may wait for this lock: it tries again after a while.
    // SAFETY: by the caller's contract.
    unsafe { Real::pthread_rwlock_unlock(lock) }
}

/// # Safety
///
/// That of `pthread_rwlock_unlock`.
#[inline(never)]
unsafe fn unlock(lock: *mut RwLock) -> c_int {
    // SAFETY: by the caller's contract.
    let result = unsafe { Real::pthread_rwlock_unlock(lock) };
    // All: they may be readers.
    sleepers::wake_after_release(lock.addr(), u32::MAX);
    result
}

/// Locks by `attempt` on a green thread. None if this must wait natively.
#[inline(always)]
fn take(
    lock: *mut RwLock,
    time: Option<*const libc::timespec>,
    attempt: &dyn Fn() -> c_int,
) -> Option<c_int> {
    if !gate::is_open() {
        return None;
    }
    match attempt() {
        libc::EBUSY => {}
        result => return Some(result),
    }
    let mut deadline = None;
    if let Some(time) = time {
        // SAFETY: the callers have been promised that it is valid.
        deadline = Deadline::at(libc::CLOCK_REALTIME, unsafe { time.read() });
        if deadline.is_none() {
            return Some(libc::EINVAL);
        }
    }
    wait_for(seam::libc::rwlock, lock.addr(), deadline, attempt)
}
