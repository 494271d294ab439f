//! `flock`, `lockf` and the locks of `fcntl`. A call that would block is made by a helper.
#![allow(unsafe_code)]

use std::ffi::c_int;

use libc::off_t;

use super::elsewhere::elsewhere;
use super::exports::exports;
use super::real::real;
use super::{errno, gate};
use crate::seam;

exports![flock, lockf, lockf64, fcntl, fcntl64];

real! { LOCKS:
    fn flock(fd: c_int, operation: c_int) -> c_int;
    fn lockf(fd: c_int, operation: c_int, length: off_t) -> c_int;
    fn fcntl(fd: c_int, command: c_int, argument: usize) -> c_int;
    fn fcntl64(fd: c_int, command: c_int, argument: usize) -> c_int;
}

/// Locks or unlocks an open file.
// SAFETY: it has the signature of libc's.
#[unsafe(no_mangle)]
pub(super) extern "C-unwind" fn flock(fd: c_int, operation: c_int) -> c_int {
    // SAFETY: it has no preconditions.
    let own = |operation| unsafe { Real::flock(fd, operation) };
    if !gate::is_open() || operation & (libc::LOCK_NB | libc::LOCK_UN) != 0 {
        return own(operation);
    }
    lock(&|| own(operation | libc::LOCK_NB), &|| own(operation))
}

/// Locks or unlocks a part of a file.
// SAFETY: it has the signature of libc's.
#[unsafe(no_mangle)]
extern "C-unwind" fn lockf(fd: c_int, operation: c_int, length: off_t) -> c_int {
    // SAFETY: it has no preconditions.
    let own = |operation| unsafe { Real::lockf(fd, operation, length) };
    if !gate::is_open() || operation != libc::F_LOCK {
        return own(operation);
    }
    lock(&|| own(libc::F_TLOCK), &|| own(operation))
}

/// [`lockf`] for code that was compiled for large files, which all are here.
// SAFETY: it has the signature of libc's.
#[unsafe(no_mangle)]
extern "C-unwind" fn lockf64(fd: c_int, operation: c_int, length: off_t) -> c_int {
    lockf(fd, operation, length)
}

/// Controls a descriptor.
///
/// It is variadic in C. On x86-64 and aarch64 a function with fixed arguments finds these in the same places, and an argument
/// that the caller has left out is a place which may be read.
///
/// # Safety
///
/// That of libc's.
// SAFETY: it has the signature of libc's, as said above.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C-unwind" fn fcntl(fd: c_int, command: c_int, argument: usize) -> c_int {
    // SAFETY: by the caller's contract.
    control(command, &|command| unsafe {
        Real::fcntl(fd, command, argument)
    })
}

/// [`fcntl`] for code that was compiled for large files.
///
/// # Safety
///
/// That of libc's.
// SAFETY: it has the signature of libc's, as said above.
#[unsafe(no_mangle)]
unsafe extern "C-unwind" fn fcntl64(fd: c_int, command: c_int, argument: usize) -> c_int {
    // SAFETY: by the caller's contract.
    control(command, &|command| unsafe {
        Real::fcntl64(fd, command, argument)
    })
}

#[inline(always)]
fn control(command: c_int, own: &dyn Fn(c_int) -> c_int) -> c_int {
    let at_once = match command {
        libc::F_SETLKW => libc::F_SETLK,
        libc::F_OFD_SETLKW => libc::F_OFD_SETLK,
        _ => return own(command),
    };
    if !gate::is_open() {
        return own(command);
    }
    lock(&|| own(at_once), &|| own(command))
}

/// Tries to lock, and has a helper wait for the lock.
fn lock(at_once: &dyn Fn() -> c_int, block: &dyn Fn() -> c_int) -> c_int {
    let result = at_once();
    if result != -1 || !matches!(errno::get(), libc::EAGAIN | libc::EACCES) {
        return result;
    }
    elsewhere(seam::libc_io::file_lock, &mut || block()).unwrap_or_else(block)
}
