//! The signals of the OS thread that answers: none.
//!
//! A handler of the program's, or the default action of a signal that the program's own threads block, has no business there.
//! Nor does `SIGPIPE`, if a client has gone.
#![allow(unsafe_code)]

use std::mem::MaybeUninit;
use std::ptr;

/// Calls `f`, which starts an OS thread, while all signals are blocked. The thread has them blocked all its life.
pub(super) fn without<R>(f: impl FnOnce() -> R) -> R {
    let mut all = MaybeUninit::<libc::sigset_t>::uninit();
    let mut before = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: `all` is valid for the write.
    unsafe { libc::sigfillset(all.as_mut_ptr()) };
    // SAFETY: `all` was written by the call before, and `before` is valid for the write.
    let result =
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, all.as_ptr(), before.as_mut_ptr()) };
    let returned = f();
    if result == 0 {
        // SAFETY: the call has succeeded, so it has written `before`.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, before.as_ptr(), ptr::null_mut()) };
    }
    returned
}
