//! Whether a call has a signal mask that matters.
#![allow(unsafe_code)]

use std::ffi::c_int;
use std::mem::MaybeUninit;
use std::ptr;

use libc::sigset_t;

/// The highest signal number.
const LAST: c_int = 64;

/// Returns true if a mask differs from that of the thread.
///
/// # Safety
///
/// `mask` is null or valid for a read.
pub(super) unsafe fn changes(mask: *const sigset_t) -> bool {
    if mask.is_null() {
        return false;
    }
    let mut now = MaybeUninit::<sigset_t>::zeroed();
    // SAFETY: a null pointer changes nothing, and the other one is valid for the write.
    unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, ptr::null(), now.as_mut_ptr()) };
    (1..=LAST).any(|signal| {
        // SAFETY: zeros are a value, too.
        let now = unsafe { libc::sigismember(now.as_ptr(), signal) };
        // SAFETY: by the caller's contract.
        let then = unsafe { libc::sigismember(mask, signal) };
        now != then
    })
}
