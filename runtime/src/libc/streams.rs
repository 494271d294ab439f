//! `read`, `write` and their relations.
//!
//! A socket is tried by a message that is asked not to block, a pipe by a call with a flag for that, which older kernels do
//! not have. Of everything else `poll` tells whether it is ready; a pipe that is ready has room for `PIPE_BUF` bytes. Files
//! in storage are always ready: they are read and written as the feature `fs` has it.
#![allow(unsafe_code)]

use std::ffi::{c_int, c_void};
use std::os::fd::RawFd;

use libc::{iovec, msghdr, size_t, ssize_t};

use super::descriptor_state::{self, Kind};
use super::elsewhere::elsewhere;
use super::exports::exports;
use super::real::real;
use super::transfer::Transfer;
use super::vectors::Rest;
use super::{errno, gate, messages};
use crate::descriptor::direction::Direction;
use crate::descriptor::poll::is_ready;
use crate::descriptor::ready::{Ended, Waiting};
use crate::seam;
use crate::seam::offload::Call;

exports![
    read,
    __read_chk,
    readv,
    write,
    writev,
    eventfd_read,
    eventfd_write
];

real! { STREAMS:
    fn read(fd: c_int, buffer: *mut c_void, length: size_t) -> ssize_t;
    fn __read_chk(fd: c_int, buffer: *mut c_void, length: size_t, room: size_t) -> ssize_t;
    fn readv(fd: c_int, vectors: *const iovec, count: c_int) -> ssize_t;
    fn write(fd: c_int, buffer: *const c_void, length: size_t) -> ssize_t;
    fn writev(fd: c_int, vectors: *const iovec, count: c_int) -> ssize_t;
}

/// Reads bytes.
///
/// # Safety
///
/// `buffer` is valid for writes of `length` bytes.
// SAFETY: it has the signature of libc's.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C-unwind" fn read(
    fd: c_int,
    buffer: *mut c_void,
    length: size_t,
) -> ssize_t {
    if gate::may_be_open() {
        // SAFETY: by the caller's contract.
        return unsafe { read_giving_way(fd, buffer, length) };
    }
    // SAFETY: by the caller's contract.
    unsafe { Real::read(fd, buffer, length) }
}

/// [`read`], apart from it so that a native thread's call is short.
///
/// # Safety
///
/// As for [`read`].
#[inline(never)]
unsafe fn read_giving_way(fd: RawFd, buffer: *mut c_void, length: size_t) -> ssize_t {
    if !gate::is_open() || length == 0 {
        // SAFETY: by the caller's contract.
        return unsafe { Real::read(fd, buffer, length) };
    }
    let vector = iovec {
        iov_base: buffer,
        iov_len: length,
    };
    let mut block = |_| {
        // SAFETY: by the caller's contract.
        unsafe { Real::read(fd, buffer, length) }
    };
    // SAFETY: by the caller's contract.
    unsafe { read_vectors(fd, &raw const vector, 1, &mut block) }
}

/// [`read`] for code that was compiled to check the size of its buffers.
///
/// # Safety
///
/// `buffer` is valid for writes of `room` bytes.
// SAFETY: it has the signature of libc's.
#[unsafe(no_mangle)]
unsafe extern "C-unwind" fn __read_chk(
    fd: c_int,
    buffer: *mut c_void,
    length: size_t,
    room: size_t,
) -> ssize_t {
    if length > room {
        // It ends the process.
        // SAFETY: by the caller's contract.
        return unsafe { Real::__read_chk(fd, buffer, length, room) };
    }
    // SAFETY: by the caller's contract.
    unsafe { read(fd, buffer, length) }
}

/// Reads bytes into several buffers.
///
/// # Safety
///
/// `vectors` is valid for reads of `count` elements, and each is valid for writes.
// SAFETY: it has the signature of libc's.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C-unwind" fn readv(
    fd: c_int,
    vectors: *const iovec,
    count: c_int,
) -> ssize_t {
    if gate::may_be_open() {
        // SAFETY: by the caller's contract.
        return unsafe { readv_giving_way(fd, vectors, count) };
    }
    // SAFETY: by the caller's contract.
    unsafe { Real::readv(fd, vectors, count) }
}

/// [`readv`], apart from it so that a native thread's call is short.
///
/// # Safety
///
/// As for [`readv`].
#[inline(never)]
unsafe fn readv_giving_way(fd: RawFd, vectors: *const iovec, count: c_int) -> ssize_t {
    let mut block = |_| {
        // SAFETY: by the caller's contract.
        unsafe { Real::readv(fd, vectors, count) }
    };
    // SAFETY: by the caller's contract.
    match unsafe { sum(vectors, count) } {
        // SAFETY: by the caller's contract.
        Some(1..) => unsafe { read_vectors(fd, vectors, count as usize, &mut block) },
        _ => block(0),
    }
}

/// Writes bytes.
///
/// # Safety
///
/// `buffer` is valid for reads of `length` bytes.
// SAFETY: it has the signature of libc's.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C-unwind" fn write(
    fd: c_int,
    buffer: *const c_void,
    length: size_t,
) -> ssize_t {
    if gate::may_be_open() {
        // SAFETY: by the caller's contract.
        return unsafe { write_giving_way(fd, buffer, length) };
    }
    // SAFETY: by the caller's contract.
    unsafe { Real::write(fd, buffer, length) }
}

/// [`write()`], apart from it so that a native thread's call is short.
///
/// # Safety
///
/// As for [`write()`].
#[inline(never)]
unsafe fn write_giving_way(fd: RawFd, buffer: *const c_void, length: size_t) -> ssize_t {
    if !gate::is_open() || length == 0 || isize::try_from(length).is_err() {
        // SAFETY: by the caller's contract.
        return unsafe { Real::write(fd, buffer, length) };
    }
    let vector = iovec {
        iov_base: buffer.cast_mut(),
        iov_len: length,
    };
    let mut block = |done: usize| {
        // SAFETY: by the caller's contract; `done` bytes are less than all.
        unsafe { Real::write(fd, buffer.wrapping_byte_add(done), length - done) }
    };
    // SAFETY: by the caller's contract.
    unsafe { write_vectors(fd, &raw const vector, 1, length, &mut block) }
}

/// Writes the bytes of several buffers.
///
/// # Safety
///
/// `vectors` is valid for reads of `count` elements, and each is valid for reads.
// SAFETY: it has the signature of libc's.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C-unwind" fn writev(
    fd: c_int,
    vectors: *const iovec,
    count: c_int,
) -> ssize_t {
    if gate::may_be_open() {
        // SAFETY: by the caller's contract.
        return unsafe { writev_giving_way(fd, vectors, count) };
    }
    // SAFETY: by the caller's contract.
    unsafe { Real::writev(fd, vectors, count) }
}

/// [`writev`], apart from it so that a native thread's call is short.
///
/// # Safety
///
/// As for [`writev`].
#[inline(never)]
unsafe fn writev_giving_way(fd: RawFd, vectors: *const iovec, count: c_int) -> ssize_t {
    let mut block = |done: usize| {
        // SAFETY: by the caller's contract.
        let rest = unsafe { Rest::after(done, vectors, count.max(0) as usize) };
        let (vectors, left) = if done == 0 {
            (vectors, count)
        } else {
            rest_of(&rest)
        };
        // SAFETY: by the caller's contract.
        unsafe { Real::writev(fd, vectors, left) }
    };
    // SAFETY: by the caller's contract.
    match unsafe { sum(vectors, count) } {
        Some(length @ 1..) => {
            // SAFETY: by the caller's contract.
            unsafe { write_vectors(fd, vectors, count as usize, length, &mut block) }
        }
        _ => block(0),
    }
}

/// Reads the counter of an eventfd.
///
/// # Safety
///
/// `value` is valid for a write.
// SAFETY: it has the signature of libc's.
#[unsafe(no_mangle)]
unsafe extern "C-unwind" fn eventfd_read(fd: c_int, value: *mut u64) -> c_int {
    // SAFETY: by the caller's contract.
    let result = unsafe { read(fd, value.cast(), size_of::<u64>()) };
    if result == 8 { 0 } else { -1 }
}

/// Adds to the counter of an eventfd.
// SAFETY: it has the signature of libc's.
#[unsafe(no_mangle)]
extern "C-unwind" fn eventfd_write(fd: c_int, value: u64) -> c_int {
    // SAFETY: the value is valid for a read.
    let result = unsafe { write(fd, (&raw const value).cast(), size_of::<u64>()) };
    if result == 8 { 0 } else { -1 }
}

/// Returns how many bytes the buffers have. None if the call must be libc's own: it has errors for some arguments, and
/// the thread may not let others run.
///
/// # Safety
///
/// `vectors` is valid for reads of `count` elements.
unsafe fn sum(vectors: *const iovec, count: c_int) -> Option<usize> {
    if !gate::is_open() || !(1..=libc::UIO_MAXIOV).contains(&count) || vectors.is_null() {
        return None;
    }
    // SAFETY: by the caller's contract.
    unsafe { Rest::length(vectors, count as usize) }
}

fn rest_of(rest: &Rest) -> (*const iovec, c_int) {
    let (vectors, count) = rest.buffers();
    (vectors, count as c_int)
}

/// # Safety
///
/// As for [`readv`].
unsafe fn read_vectors(
    fd: RawFd,
    vectors: *const iovec,
    count: usize,
    block: &mut dyn FnMut(usize) -> isize,
) -> isize {
    let mut kind = Kind::Socket;
    let mut attempt = |_| {
        if kind == Kind::Socket {
            let mut message = messages::of(vectors, count);
            // SAFETY: by the caller's contract.
            let result = unsafe { messages::receive(fd, &raw mut message, libc::MSG_DONTWAIT) };
            if result != -1 || errno::get() != libc::ENOTSOCK {
                return result;
            }
            kind = descriptor_state::kind(fd);
        }
        if kind == Kind::Pipe {
            // SAFETY: by the caller's contract.
            let result =
                unsafe { libc::preadv2(fd, vectors, count as c_int, -1, libc::RWF_NOWAIT) };
            if result != -1 || !is_unsupported(errno::get()) {
                return result;
            }
        }
        if kind == Kind::Storage || !is_ready(fd, libc::POLLIN) {
            return errno::fail(libc::EAGAIN) as isize;
        }
        // SAFETY: by the caller's contract.
        unsafe { Real::readv(fd, vectors, count as c_int) }
    };
    Transfer {
        fd,
        direction: Direction::Read,
        whole: 0,
        attempt: &mut attempt,
        block: &mut |done| in_storage(fd, done, block),
    }
    .perform()
}

/// # Safety
///
/// As for [`writev`].
unsafe fn write_vectors(
    fd: RawFd,
    vectors: *const iovec,
    count: usize,
    length: usize,
    block: &mut dyn FnMut(usize) -> isize,
) -> isize {
    let mut kind = Kind::Socket;
    let mut attempt = |done| {
        // SAFETY: by the caller's contract.
        let rest = unsafe { Rest::after(done, vectors, count) };
        let (vectors, count) = rest.buffers();
        if kind == Kind::Socket {
            let message: msghdr = messages::of(vectors, count);
            // SAFETY: by the caller's contract.
            let result =
                unsafe { messages::send_message(fd, &raw const message, libc::MSG_DONTWAIT) };
            if result != -1 || errno::get() != libc::ENOTSOCK {
                return result;
            }
            kind = descriptor_state::kind(fd);
        }
        let mut part = iovec {
            iov_base: std::ptr::null_mut(),
            iov_len: 0,
        };
        let (mut vectors, mut count) = (vectors, count as c_int);
        if kind == Kind::Pipe {
            // SAFETY: by the caller's contract.
            let result = unsafe { libc::pwritev2(fd, vectors, count, -1, libc::RWF_NOWAIT) };
            if result != -1 || !is_unsupported(errno::get()) {
                return result;
            }
            if length > libc::PIPE_BUF {
                // SAFETY: not all bytes are written, so there is a buffer.
                part = unsafe { vectors.read() };
                part.iov_len = part.iov_len.min(libc::PIPE_BUF);
                (vectors, count) = (&raw const part, 1);
            }
        }
        if kind == Kind::Storage || !is_ready(fd, libc::POLLOUT) {
            return errno::fail(libc::EAGAIN) as isize;
        }
        // SAFETY: by the caller's contract; `part` is a part of it.
        let result = unsafe { Real::writev(fd, vectors, count) };
        let _ = part;
        result
    };
    Transfer {
        fd,
        direction: Direction::Write,
        whole: length,
        attempt: &mut attempt,
        block: &mut |done| in_storage(fd, done, block),
    }
    .perform()
}

/// Returns true if the kernel cannot make a call without blocking.
fn is_unsupported(error: c_int) -> bool {
    matches!(error, libc::EOPNOTSUPP | libc::ENOSYS | libc::EINVAL)
}

/// Makes a call that blocks: one on a file in storage as the feature `fs` has it.
fn in_storage(fd: RawFd, done: usize, block: &mut dyn FnMut(usize) -> isize) -> isize {
    fn file(waiting: &mut Waiting<'_>) -> Option<Ended> {
        let Waiting::Elsewhere(call) = waiting else {
            return None;
        };
        seam::offload::file(Call::new(call)).ok()?;
        Some(Ended::Done)
    }

    match descriptor_state::kind(fd) {
        Kind::Storage => elsewhere(file, &mut || block(done)).unwrap_or_else(|| block(done)),
        _ => block(done),
    }
}
