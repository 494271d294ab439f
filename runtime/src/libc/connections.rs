//! `accept`, `accept4` and `connect`, which cannot be asked not to block: an attempt makes the socket non-blocking for its
//! duration. Green threads and the calls here exclude each other meanwhile. Other calls may fail with `EAGAIN` for it, or block
//! although the socket is not ready any more.
#![allow(unsafe_code)]

use std::ffi::c_int;
use std::io;
use std::os::fd::{BorrowedFd, RawFd};
use std::sync::{Mutex, PoisonError};

use libc::{sockaddr, socklen_t};

use super::descriptor_state;
use super::elsewhere::elsewhere;
use super::exports::exports;
use super::real::real;
use super::transfer::Transfer;
use super::{errno, gate};
use crate::boundary;
use crate::descriptor::direction::Direction;
use crate::descriptor::poll::is_ready;
use crate::descriptor::watch::Watch;
use crate::seam;

exports![accept, accept4, connect];

real! { CONNECTIONS:
    fn accept(fd: c_int, address: *mut sockaddr, length: *mut socklen_t) -> c_int;
    fn accept4(fd: c_int, address: *mut sockaddr, length: *mut socklen_t, flags: c_int) -> c_int;
    fn connect(fd: c_int, address: *const sockaddr, length: socklen_t) -> c_int;
}

/// Accepts a client.
///
/// # Safety
///
/// `address` is null, or valid for a write of what `length` says, which is valid for a read and a write.
// SAFETY: it has the signature of libc's.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C-unwind" fn accept(
    fd: c_int,
    address: *mut sockaddr,
    length: *mut socklen_t,
) -> c_int {
    // SAFETY: by the caller's contract.
    accept_by(fd, &|| unsafe { Real::accept(fd, address, length) })
}

/// Accepts a client, whose descriptor has these flags.
///
/// # Safety
///
/// As for [`accept`].
// SAFETY: it has the signature of libc's.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C-unwind" fn accept4(
    fd: c_int,
    address: *mut sockaddr,
    length: *mut socklen_t,
    flags: c_int,
) -> c_int {
    // SAFETY: by the caller's contract.
    accept_by(fd, &|| unsafe { Real::accept4(fd, address, length, flags) })
}

/// Connects a socket.
///
/// # Safety
///
/// `address` is valid for reads of `length` bytes.
// SAFETY: it has the signature of libc's.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C-unwind" fn connect(
    fd: c_int,
    address: *const sockaddr,
    length: socklen_t,
) -> c_int {
    // SAFETY: by the caller's contract.
    let own = || unsafe { Real::connect(fd, address, length) };
    if !gate::is_open() || descriptor_state::is_nonblocking(fd) {
        return own();
    }
    let result = without_blocking(fd, &own);
    if result != -1 {
        return result;
    }
    match errno::get() {
        libc::EINPROGRESS | libc::EALREADY => {}
        // A Unix-domain server whose queue is full. There is no event for when it is not.
        libc::EAGAIN => {
            let call = seam::libc_io::transfer;
            return elsewhere(call, &mut || own()).unwrap_or_else(own);
        }
        _ => return -1,
    }
    let result = Transfer {
        fd,
        direction: Direction::Write,
        whole: 0,
        attempt: &mut |_| match is_ready(fd, libc::POLLOUT) {
            true => outcome(fd) as isize,
            false => errno::fail(libc::EAGAIN) as isize,
        },
        // The kernel waits for a connection that has begun.
        block: &mut |_| own() as isize,
    }
    .perform();
    if result == -1 && errno::get() == libc::EAGAIN {
        // What the kernel calls a timeout here.
        errno::set(libc::EINPROGRESS);
    }
    result as c_int
}

#[inline]
fn accept_by(fd: RawFd, own: &dyn Fn() -> c_int) -> c_int {
    if !gate::is_open() {
        return own();
    }
    if descriptor_state::is_nonblocking(fd) {
        let result = own();
        if result == -1 && errno::get() == libc::EAGAIN {
            seam::busy::busy();
            errno::set(libc::EAGAIN);
        }
        return result;
    }
    Transfer {
        fd,
        direction: Direction::Read,
        whole: 0,
        attempt: &mut |_| match is_ready(fd, libc::POLLIN) {
            true => without_blocking(fd, own) as isize,
            false => errno::fail(libc::EAGAIN) as isize,
        },
        block: &mut |_| own() as isize,
    }
    .perform() as c_int
}

/// Makes a call with the socket non-blocking for its duration.
fn without_blocking(fd: RawFd, own: &dyn Fn() -> c_int) -> c_int {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

    let _inside = boundary::enter();
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let call = || match own() {
        -1 => Err(io::Error::last_os_error()),
        result => Ok(result),
    };
    // SAFETY: it is open, as the call before has found; if it was closed since, the calls fail.
    let socket = unsafe { BorrowedFd::borrow_raw(fd) };
    match Watch::new().without_blocking(socket, call) {
        Ok(result) => result,
        Err(error) => errno::fail(error.raw_os_error().unwrap_or(libc::EIO)),
    }
}

/// Returns how an attempt to connect has ended, as `connect` does.
fn outcome(fd: RawFd) -> c_int {
    let mut error: c_int = 0;
    let mut length = size_of::<c_int>() as socklen_t;
    // SAFETY: `error` is valid for a write of `length` bytes.
    let result = unsafe {
        let error = (&raw mut error).cast();
        libc::getsockopt(fd, libc::SOL_SOCKET, libc::SO_ERROR, error, &raw mut length)
    };
    match (result, error) {
        (-1, _) => -1,
        (_, 0) => 0,
        (_, error) => errno::fail(error),
    }
}
