//! What libc keeps for an OS thread and changes in its calls: `errno` and `h_errno`. Each green thread has its own.
//!
//! Invariant:
//! 1. The addresses are those of the OS thread that the hub belongs to, and are used on that thread alone.
#![allow(unsafe_code)]

use std::cell::Cell;
use std::ptr::NonNull;

/// Where the OS thread has them.
#[derive(Debug)]
pub(super) struct Errno {
    errno: Cell<NonNull<libc::c_int>>,
    h_errno: Cell<NonNull<libc::c_int>>,
}

/// Restores both when dropped.
pub(super) struct Saved<'a> {
    places: &'a Errno,
    errno: libc::c_int,
    h_errno: libc::c_int,
}

unsafe extern "C" {
    safe fn __h_errno_location() -> NonNull<libc::c_int>;
}

impl Errno {
    /// Makes one that [`find`](Self::find) has to complete.
    pub(super) fn new() -> Errno {
        Errno {
            errno: Cell::new(NonNull::dangling()),
            h_errno: Cell::new(NonNull::dangling()),
        }
    }

    /// Looks up the addresses. On the OS thread that the hub belongs to.
    pub(super) fn find(&self) {
        // SAFETY: it has no preconditions.
        let errno = unsafe { libc::__errno_location() };
        self.errno
            .set(NonNull::new(errno).expect("every OS thread has one"));
        self.h_errno.set(__h_errno_location());
    }

    /// Saves the values of the running task until it resumes.
    #[inline(always)]
    pub(super) fn save(&self) -> Saved<'_> {
        Saved {
            places: self,
            // SAFETY: by invariant 1; a task runs, so the hub was entered.
            errno: unsafe { self.errno.get().read() },
            // SAFETY: as above.
            h_errno: unsafe { self.h_errno.get().read() },
        }
    }
}

impl Drop for Saved<'_> {
    #[inline(always)]
    fn drop(&mut self) {
        // SAFETY: by invariant 1.
        unsafe { self.places.errno.get().write(self.errno) };
        // SAFETY: by invariant 1.
        unsafe { self.places.h_errno.get().write(self.h_errno) };
    }
}
