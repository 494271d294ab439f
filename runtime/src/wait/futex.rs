//! Blocking an OS thread on a word, by Linux's futex.
#![allow(unsafe_code)]

use ::std::ptr;
use ::std::sync::atomic::AtomicU32;
use ::std::time::Instant;

use crate::boundary;

/// Blocks if the word is `value`. Returns when woken, at the deadline, or spuriously.
pub(crate) fn wait(word: &AtomicU32, value: u32, deadline: Option<Instant>) {
    let timeout = match deadline {
        None => None,
        Some(deadline) => {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            let mut timeout = libc::timespec {
                // A longer time is shortened to what fits; the caller's loop then waits again.
                tv_sec: left.as_secs().min(i32::MAX as u64) as _,
                tv_nsec: 0,
            };
            timeout.tv_nsec = left.subsec_nanos() as _;
            Some(timeout)
        }
    };
    let timeout = timeout.as_ref().map_or(ptr::null(), ptr::from_ref);
    let _inside = boundary::enter();
    // SAFETY: the word and the timeout outlive the call.
    unsafe {
        libc::syscall(
            libc::SYS_futex,
            word.as_ptr(),
            libc::FUTEX_WAIT | libc::FUTEX_PRIVATE_FLAG,
            value,
            timeout,
        )
    };
}

/// Wakes an OS thread that is blocked by [`wait`] on the word.
pub(crate) fn wake(word: &AtomicU32) {
    let _inside = boundary::enter();
    // SAFETY: the kernel uses the address of the word alone, and the word outlives the call.
    unsafe {
        libc::syscall(
            libc::SYS_futex,
            word.as_ptr(),
            libc::FUTEX_WAKE | libc::FUTEX_PRIVATE_FLAG,
            1,
        )
    };
}
