//! `pthread_join`, `pthread_barrier_wait` and `pthread_once`.
//!
//! The first two have no form that another thread could finish, so a helper makes the call.
#![allow(unsafe_code)]

use std::ffi::{c_int, c_void};
use std::sync::atomic::{AtomicI32, Ordering};

use super::exports::exports;
use super::gate;
use super::real::real;
use super::wait_for::wait_for;
use crate::seam;
use crate::seam::offload::Call;
use crate::wait::sleepers::{self, ANY};

exports![pthread_join, pthread_barrier_wait, pthread_once];

type Barrier = libc::pthread_barrier_t;
type Once = c_int;

real! { ENDS:
    fn pthread_join(thread: libc::pthread_t, result: *mut *mut c_void) -> c_int;
    fn pthread_tryjoin_np(thread: libc::pthread_t, result: *mut *mut c_void) -> c_int;
    fn pthread_barrier_wait(barrier: *mut Barrier) -> c_int;
    fn pthread_once(once: *mut Once, initialize: extern "C" fn()) -> c_int;
}

/// An address that a helper uses while its owner waits.
struct Lent<T>(*mut T);

// SAFETY: the calls below do not return before the helper has.
unsafe impl<T> Send for Lent<T> {}
// SAFETY: as above.
unsafe impl<T> Sync for Lent<T> {}

/// Waits until an OS thread has ended.
///
/// # Safety
///
/// That of the function of C, as for all below.
// SAFETY: it has the signature of libc's, as all below.
#[unsafe(no_mangle)]
unsafe extern "C-unwind" fn pthread_join(
    thread: libc::pthread_t,
    result: *mut *mut c_void,
) -> c_int {
    if gate::is_open() {
        // SAFETY: by the caller's contract.
        if let Some(joined) = unsafe { join(thread, result) } {
            return joined;
        }
    }
    // SAFETY: by the caller's contract.
    unsafe { Real::pthread_join(thread, result) }
}

/// # Safety
///
/// That of the function of C.
#[inline(never)]
unsafe fn join(thread: libc::pthread_t, result: *mut *mut c_void) -> Option<c_int> {
    // SAFETY: by the caller's contract.
    let joined = unsafe { Real::pthread_tryjoin_np(thread, result) };
    // SAFETY: it has no preconditions.
    if joined != libc::EBUSY || thread == unsafe { libc::pthread_self() } {
        return (joined != libc::EBUSY).then_some(joined);
    }
    let place = Lent(result);
    let mut joined = 0;
    let mut call = || {
        let place = &place;
        // SAFETY: by the caller's contract; the caller's thread waits meanwhile.
        joined = unsafe { Real::pthread_join(thread, place.0) };
    };
    seam::libc::pthread_join(Call::new(&mut call)).then_some(joined)
}

/// Waits until as many threads as the barrier is for have called this.
///
/// # Safety
///
/// That of the function of C.
// SAFETY: as above.
#[unsafe(no_mangle)]
unsafe extern "C-unwind" fn pthread_barrier_wait(barrier: *mut Barrier) -> c_int {
    if gate::is_open() {
        // SAFETY: by the caller's contract.
        if let Some(result) = unsafe { wait_at_barrier(barrier) } {
            return result;
        }
    }
    // SAFETY: by the caller's contract.
    unsafe { Real::pthread_barrier_wait(barrier) }
}

/// # Safety
///
/// That of the function of C.
#[inline(never)]
unsafe fn wait_at_barrier(barrier: *mut Barrier) -> Option<c_int> {
    let barrier = Lent(barrier);
    let mut result = 0;
    let mut call = || {
        let barrier = &barrier;
        // SAFETY: by the caller's contract; the caller's thread waits meanwhile.
        result = unsafe { Real::pthread_barrier_wait(barrier.0) };
    };
    seam::libc::pthread_barrier(Call::new(&mut call)).then_some(result)
}

/// Calls `initialize`, unless a call did, and waits until that has returned.
///
/// # Safety
///
/// That of the function of C.
// SAFETY: as above.
#[unsafe(no_mangle)]
unsafe extern "C-unwind" fn pthread_once(once: *mut Once, initialize: extern "C" fn()) -> c_int {
    /// The two bits in which glibc keeps the state.
    const STATE: c_int = 3;
    const IN_PROGRESS: c_int = 1;

    if gate::is_open() {
        let attempt = || {
            // SAFETY: by the caller's contract. Relaxed: libc orders it.
            let state = unsafe { AtomicI32::from_ptr(once) }.load(Ordering::Relaxed);
            match state & STATE {
                IN_PROGRESS => libc::EBUSY,
                _ => 0,
            }
        };
        if attempt() == libc::EBUSY {
            // A green thread of this OS thread may be in it. None: then libc waits.
            let _ = wait_for(seam::libc::pthread_once, once.addr(), None, &attempt);
        }
    }
    // SAFETY: by the caller's contract.
    let result = unsafe { Real::pthread_once(once, initialize) };
    sleepers::wake(once.addr(), ANY, u32::MAX);
    result
}
