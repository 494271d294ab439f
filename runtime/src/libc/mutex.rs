//! `pthread_mutex_t`.
//!
//! A mutex that is locked recursively, or that checks for errors, belongs to an OS thread for libc. All green threads of one
//! OS thread would be one owner. So [`owners`] keeps which green thread holds such a mutex.
#![allow(unsafe_code)]

use std::ffi::c_int;
use std::ptr;

use super::deadline::Deadline;
use super::exports::exports;
use super::real::real;
use super::wait_for::wait_for;
use super::{gate, owners};
use crate::seam;
use crate::wait::sleepers;

exports![
    pthread_mutex_lock,
    pthread_mutex_trylock,
    pthread_mutex_timedlock,
    pthread_mutex_clocklock,
    pthread_mutex_unlock,
];

type Mutex = libc::pthread_mutex_t;

real! { MUTEXES:
    fn pthread_mutex_lock(mutex: *mut Mutex) -> c_int;
    fn pthread_mutex_trylock(mutex: *mut Mutex) -> c_int;
    fn pthread_mutex_timedlock(mutex: *mut Mutex, time: *const libc::timespec) -> c_int;
    fn pthread_mutex_clocklock(
        mutex: *mut Mutex,
        clock: libc::clockid_t,
        time: *const libc::timespec,
    ) -> c_int;
    fn pthread_mutex_unlock(mutex: *mut Mutex) -> c_int;
}

/// Waits until the mutex is free, and locks it.
///
/// # Safety
///
/// That of the function of C, as for all below.
// SAFETY: it has the signature of libc's, as all below.
#[unsafe(no_mangle)]
unsafe extern "C-unwind" fn pthread_mutex_lock(mutex: *mut Mutex) -> c_int {
    if gate::may_be_open() {
        // SAFETY: by the caller's contract.
        return unsafe { lock(mutex) };
    }
    // SAFETY: by the caller's contract.
    unsafe { Real::pthread_mutex_lock(mutex) }
}

/// Locks the mutex if it is free.
///
/// # Safety
///
/// That of the function of C.
// SAFETY: as above.
#[unsafe(no_mangle)]
unsafe extern "C-unwind" fn pthread_mutex_trylock(mutex: *mut Mutex) -> c_int {
    if gate::may_be_open() {
        // SAFETY: by the caller's contract.
        return unsafe { try_lock(mutex) };
    }
    // SAFETY: by the caller's contract.
    unsafe { Real::pthread_mutex_trylock(mutex) }
}

/// Waits until the mutex is free, or until a time on the realtime clock.
///
/// # Safety
///
/// That of the function of C.
// SAFETY: as above.
#[unsafe(no_mangle)]
unsafe extern "C-unwind" fn pthread_mutex_timedlock(
    mutex: *mut Mutex,
    time: *const libc::timespec,
) -> c_int {
    if gate::is_open() {
        // SAFETY: by the caller's contract.
        let given = unsafe { lock_green(mutex, Some((libc::CLOCK_REALTIME, time))) };
        if let Some(result) = given {
            return result;
        }
    }
    // SAFETY: by the caller's contract.
    unsafe { Real::pthread_mutex_timedlock(mutex, time) }
}

/// Waits until the mutex is free, or until a time on a clock.
///
/// # Safety
///
/// That of the function of C.
// SAFETY: as above.
#[unsafe(no_mangle)]
unsafe extern "C-unwind" fn pthread_mutex_clocklock(
    mutex: *mut Mutex,
    clock: libc::clockid_t,
    time: *const libc::timespec,
) -> c_int {
    if gate::is_open() {
        // SAFETY: by the caller's contract.
        if let Some(result) = unsafe { lock_green(mutex, Some((clock, time))) } {
            return result;
        }
    }
    // SAFETY: by the caller's contract.
    unsafe { Real::pthread_mutex_clocklock(mutex, clock, time) }
}

/// Unlocks the mutex.
///
/// # Safety
///
/// That of the function of C.
// SAFETY: as above.
#[unsafe(no_mangle)]
unsafe extern "C-unwind" fn pthread_mutex_unlock(mutex: *mut Mutex) -> c_int {
    if gate::are_there_hubs() {
        // SAFETY: by the caller's contract.
        return unsafe { unlock(mutex) };
    }
    // The first hub may be made now, and a green thread may wait for this mutex: it tries again after a while.
    // SAFETY: by the caller's contract.
    unsafe { Real::pthread_mutex_unlock(mutex) }
}

/// # Safety
///
/// That of `pthread_mutex_lock`.
#[inline(never)]
pub(super) unsafe fn lock(mutex: *mut Mutex) -> c_int {
    if gate::is_open() {
        // SAFETY: by the caller's contract.
        if let Some(result) = unsafe { lock_green(mutex, None) } {
            return result;
        }
    }
    // SAFETY: by the caller's contract.
    unsafe { Real::pthread_mutex_lock(mutex) }
}

/// # Safety
///
/// That of `pthread_mutex_unlock`.
#[inline(never)]
pub(super) unsafe fn unlock(mutex: *mut Mutex) -> c_int {
    // SAFETY: by the caller's contract.
    if gate::is_open() && unsafe { has_owner(mutex) } && !owners::give_up(mutex.addr()) {
        return libc::EPERM;
    }
    // SAFETY: by the caller's contract.
    let result = unsafe { Real::pthread_mutex_unlock(mutex) };
    // The mutex may be gone by now: another thread may have locked, unlocked and destroyed it.
    sleepers::wake_after_release(mutex.addr(), 1);
    result
}

/// # Safety
///
/// That of `pthread_mutex_trylock`.
#[inline(never)]
unsafe fn try_lock(mutex: *mut Mutex) -> c_int {
    if !gate::is_open() {
        // SAFETY: by the caller's contract.
        return unsafe { Real::pthread_mutex_trylock(mutex) };
    }
    // SAFETY: by the caller's contract.
    let result = unsafe { attempt(mutex, true) };
    if result == libc::EBUSY {
        // A loop around this may wait for another green thread to unlock it.
        seam::busy::busy();
    }
    result
}

/// Locks the mutex on a green thread. None if this must wait natively.
///
/// # Safety
///
/// That of the function of C.
#[inline(never)]
unsafe fn lock_green(
    mutex: *mut Mutex,
    deadline: Option<(libc::clockid_t, *const libc::timespec)>,
) -> Option<c_int> {
    // SAFETY: by the caller's contract, as below.
    let result = unsafe { attempt(mutex, false) };
    if result != libc::EBUSY {
        return Some(result);
    }
    let deadline = match deadline {
        None => None,
        Some((clock, time)) => {
            // SAFETY: by the caller's contract.
            let deadline = Deadline::at(clock, unsafe { time.read() });
            let Some(deadline) = deadline else {
                return Some(libc::EINVAL);
            };
            Some(deadline)
        }
    };
    let attempt = || {
        // SAFETY: by the caller's contract.
        unsafe { attempt(mutex, false) }
    };
    wait_for(seam::libc::mutex, mutex.addr(), deadline, &attempt)
}

/// Locks the mutex for the running thread, which is on a hub, if no other thread holds it. `tries` tells by which function
/// a thread that holds it itself is answered.
///
/// # Safety
///
/// That of the function of C.
#[inline]
unsafe fn attempt(mutex: *mut Mutex, tries: bool) -> c_int {
    // SAFETY: by the caller's contract, as below.
    if !unsafe { has_owner(mutex) } {
        // SAFETY: as above.
        return unsafe { Real::pthread_mutex_trylock(mutex) };
    }
    let result = match owners::of(mutex.addr()) {
        owners::Owner::Other => return libc::EBUSY,
        // Does not wait: it is this OS thread that holds it.
        // SAFETY: as above.
        owners::Owner::This if !tries => unsafe { Real::pthread_mutex_lock(mutex) },
        // SAFETY: as above.
        _ => unsafe { Real::pthread_mutex_trylock(mutex) },
    };
    if result == 0 {
        owners::take(mutex.addr());
    }
    result
}

/// Returns true if the mutex is locked recursively, or checks for errors.
///
/// # Safety
///
/// The mutex is initialized.
#[inline]
unsafe fn has_owner(mutex: *mut Mutex) -> bool {
    /// Where glibc has a mutex's kind. Its static initializers, which are compiled into programs, have it there, too.
    const KIND: usize = 16;
    /// The bits of a kind that tell its type.
    const TYPE: c_int = 3;

    // SAFETY: by the caller's contract.
    let place = unsafe { mutex.byte_add(KIND) }.cast::<c_int>();
    // SAFETY: as above. The kind changes in ways that do not matter here, by the library's elision of locks.
    let kind = unsafe { ptr::read_volatile(place) } & TYPE;
    kind == libc::PTHREAD_MUTEX_RECURSIVE || kind == libc::PTHREAD_MUTEX_ERRORCHECK
}
