//! Signal masks and times as the system calls take them, which differ from what the functions take.
#![allow(unsafe_code)]

use std::mem::MaybeUninit;
use std::ptr;
use std::time::{Duration, Instant};

use libc::{sigset_t, timespec};

use super::errno;
use super::waits::Limit;
use crate::wait::system_call::system_call;

/// A mask that a system call was given.
pub(super) struct Mask(Option<sigset_t>);

/// The size of the kernel's masks in bytes.
const SIZE: usize = 8;

impl Mask {
    /// Reads a mask. None if its size is not that of the kernel's, for which the kernel has an error.
    ///
    /// # Safety
    ///
    /// `mask` is null or valid for a read of `size` bytes.
    pub(super) unsafe fn read(mask: *const u8, size: usize) -> Option<Mask> {
        if mask.is_null() {
            return Some(Mask(None));
        }
        if size != SIZE {
            return None;
        }
        let mut set = MaybeUninit::<sigset_t>::zeroed();
        // SAFETY: by the caller's contract; libc's set begins with what the kernel's has, and is larger.
        unsafe { ptr::copy_nonoverlapping(mask, set.as_mut_ptr().cast(), SIZE) };
        // SAFETY: zeros are a value, too.
        Some(Mask(Some(unsafe { set.assume_init() })))
    }

    /// Returns what a function of libc takes. Null if there is no mask.
    pub(super) fn as_ptr(&self) -> *const sigset_t {
        self.0.as_ref().map_or(ptr::null(), ptr::from_ref)
    }
}

/// Makes a call that waits up to a time, and writes how much of that is left, which libc's functions keep to themselves.
///
/// # Safety
///
/// `time` is null or valid for a read.
pub(super) unsafe fn telling_what_is_left(time: *mut timespec, call: impl FnOnce() -> i64) -> i64 {
    // SAFETY: by the caller's contract.
    let limit = unsafe { Limit::timespec(time) };
    let begun = Instant::now();
    let result = call();
    if let Some(Limit::For(limit)) = limit {
        let error = errno::get();
        write_if_possible(time, limit.saturating_sub(begun.elapsed()));
        errno::set(error);
    }
    result
}

/// Writes a time where that is possible. The kernel ignores that it may not be, as of a constant.
fn write_if_possible(place: *mut timespec, time: Duration) {
    let mut time = timespec {
        tv_sec: time.as_secs() as _,
        tv_nsec: time.subsec_nanos() as _,
    };
    let from = vector((&raw mut time).cast());
    let to = vector(place.cast());
    // SAFETY: it has no preconditions.
    let process = unsafe { libc::getpid() } as usize;
    let (from, to) = (
        (&raw const from).expose_provenance(),
        (&raw const to).expose_provenance(),
    );
    // SAFETY: the kernel checks both places, and writes where the caller of this asked a system call to.
    unsafe { system_call(libc::SYS_process_vm_writev, [process, from, 1, to, 1, 0]) };
}

fn vector(place: *mut libc::c_void) -> libc::iovec {
    libc::iovec {
        iov_base: place,
        iov_len: size_of::<timespec>(),
    }
}
