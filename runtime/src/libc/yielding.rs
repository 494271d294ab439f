//! `sched_yield`.
#![allow(unsafe_code)]

use std::ffi::c_int;

use super::exports::exports;
use super::gate;
use super::real::real;
use crate::seam;

exports![sched_yield];

real! { YIELDING:
    fn sched_yield() -> c_int;
}

/// Lets another thread run.
// SAFETY: it has the signature of libc's.
#[unsafe(no_mangle)]
pub(super) extern "C" fn sched_yield() -> c_int {
    if gate::may_be_open() {
        return yield_giving_way();
    }
    // SAFETY: it has no preconditions.
    unsafe { Real::sched_yield() }
}

/// [`sched_yield`], apart from it so that a native thread's call is short.
#[inline(never)]
extern "C" fn yield_giving_way() -> c_int {
    if gate::is_open() && seam::libc::sched_yield() {
        return 0;
    }
    // SAFETY: it has no preconditions.
    unsafe { Real::sched_yield() }
}
