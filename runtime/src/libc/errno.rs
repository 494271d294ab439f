//! `errno`, and results that come with it.
#![allow(unsafe_code)]

use std::ffi::{c_int, c_long};

/// Returns `errno`.
#[inline]
pub(super) fn get() -> c_int {
    // SAFETY: it has no preconditions.
    let place = unsafe { libc::__errno_location() };
    // SAFETY: it is the OS thread's own.
    unsafe { place.read() }
}

/// Sets `errno`.
#[inline]
pub(super) fn set(error: c_int) {
    // SAFETY: it has no preconditions.
    let place = unsafe { libc::__errno_location() };
    // SAFETY: it is the OS thread's own.
    unsafe { place.write(error) };
}

/// Sets `errno` and returns -1.
#[cold]
pub(super) fn fail(error: c_int) -> c_int {
    set(error);
    -1
}

/// Returns the result of a system call as libc does.
#[inline]
pub(super) fn of_system_call(result: isize) -> c_long {
    if result < 0 {
        return fail_with(result);
    }
    result as c_long
}

#[cold]
#[inline(never)]
fn fail_with(result: isize) -> c_long {
    fail(-result as c_int).into()
}
