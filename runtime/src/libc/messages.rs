//! `recv`, `send` and their relations. An attempt asks the kernel not to block.
#![allow(unsafe_code)]

use std::ffi::{c_int, c_uint, c_void};
use std::mem::MaybeUninit;
use std::os::fd::RawFd;
use std::time::{Duration, Instant};

use libc::{iovec, mmsghdr, msghdr, size_t, sockaddr, socklen_t, ssize_t, timespec};

use super::descriptor_state;
use super::elsewhere::elsewhere;
use super::exports::exports;
use super::real::real;
use super::transfer::Transfer;
use super::vectors::Rest;
use super::{errno, gate};
use crate::descriptor::direction::Direction;
use crate::seam;

exports![
    recv,
    __recv_chk,
    recvfrom,
    __recvfrom_chk,
    recvmsg,
    recvmmsg,
    send,
    sendto,
    sendmsg,
    sendmmsg,
];

real! { MESSAGES:
    fn recv(fd: c_int, buffer: *mut c_void, length: size_t, flags: c_int) -> ssize_t;
    fn __recv_chk(fd: c_int, buffer: *mut c_void, length: size_t, room: size_t, flags: c_int) -> ssize_t;
    fn recvfrom(fd: c_int, buffer: *mut c_void, length: size_t, flags: c_int, address: *mut sockaddr, address_length: *mut socklen_t) -> ssize_t;
    fn __recvfrom_chk(fd: c_int, buffer: *mut c_void, length: size_t, room: size_t, flags: c_int, address: *mut sockaddr, address_length: *mut socklen_t) -> ssize_t;
    fn recvmsg(fd: c_int, message: *mut msghdr, flags: c_int) -> ssize_t;
    fn recvmmsg(fd: c_int, messages: *mut mmsghdr, count: c_uint, flags: c_int, timeout: *mut timespec) -> c_int;
    fn send(fd: c_int, buffer: *const c_void, length: size_t, flags: c_int) -> ssize_t;
    fn sendto(fd: c_int, buffer: *const c_void, length: size_t, flags: c_int, address: *const sockaddr, address_length: socklen_t) -> ssize_t;
    fn sendmsg(fd: c_int, message: *const msghdr, flags: c_int) -> ssize_t;
    fn sendmmsg(fd: c_int, messages: *mut mmsghdr, count: c_uint, flags: c_int) -> c_int;
}

/// Returns a message of these buffers.
pub(super) fn of(vectors: *const iovec, count: usize) -> msghdr {
    // SAFETY: a message is plain data, for which zeros are valid.
    let mut message: msghdr = unsafe { MaybeUninit::zeroed().assume_init() };
    message.msg_iov = vectors.cast_mut();
    message.msg_iovlen = count as _;
    message
}

/// Receives a message by libc's own function.
///
/// # Safety
///
/// That of `recvmsg`.
#[inline(always)]
pub(super) unsafe fn receive(fd: RawFd, message: *mut msghdr, flags: c_int) -> ssize_t {
    // SAFETY: by the caller's contract.
    unsafe { Real::recvmsg(fd, message, flags) }
}

/// Sends a message by libc's own function.
///
/// # Safety
///
/// That of `sendmsg`.
#[inline(always)]
pub(super) unsafe fn send_message(fd: RawFd, message: *const msghdr, flags: c_int) -> ssize_t {
    // SAFETY: by the caller's contract.
    unsafe { Real::sendmsg(fd, message, flags) }
}

/// Returns true if a call with these flags never blocks, so that it is libc's own.
fn never_blocks(flags: c_int) -> bool {
    flags & (libc::MSG_DONTWAIT | libc::MSG_OOB | libc::MSG_ERRQUEUE) != 0
}

/// Receives bytes.
///
/// # Safety
///
/// `buffer` is valid for writes of `length` bytes.
// SAFETY: it has the signature of libc's.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C-unwind" fn recv(
    fd: c_int,
    buffer: *mut c_void,
    length: size_t,
    flags: c_int,
) -> ssize_t {
    if gate::may_be_open() {
        // SAFETY: by the caller's contract.
        return unsafe { recv_giving_way(fd, buffer, length, flags) };
    }
    // SAFETY: by the caller's contract.
    unsafe { Real::recv(fd, buffer, length, flags) }
}

/// [`recv`], apart from it so that a native thread's call is short.
///
/// # Safety
///
/// As for [`recv`].
#[inline(never)]
unsafe fn recv_giving_way(fd: RawFd, buffer: *mut c_void, length: size_t, flags: c_int) -> ssize_t {
    // SAFETY: by the caller's contract.
    let own = |done: usize, flags| unsafe {
        Real::recv(fd, buffer.wrapping_byte_add(done), length - done, flags)
    };
    if !gate::is_open() || never_blocks(flags) {
        return noting_busy(own(0, flags));
    }
    receive_whole(fd, length, flags, &own)
}

/// [`recv`] for code that was compiled to check the size of its buffers.
///
/// # Safety
///
/// `buffer` is valid for writes of `room` bytes.
// SAFETY: it has the signature of libc's.
#[unsafe(no_mangle)]
unsafe extern "C-unwind" fn __recv_chk(
    fd: c_int,
    buffer: *mut c_void,
    length: size_t,
    room: size_t,
    flags: c_int,
) -> ssize_t {
    if length > room {
        // It ends the process.
        // SAFETY: by the caller's contract.
        return unsafe { Real::__recv_chk(fd, buffer, length, room, flags) };
    }
    // SAFETY: by the caller's contract.
    unsafe { recv(fd, buffer, length, flags) }
}

/// Receives bytes, and the address that they came from.
///
/// # Safety
///
/// `buffer` is valid for writes of `length` bytes, and the address, unless it is null, for writes of its length.
// SAFETY: it has the signature of libc's.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C-unwind" fn recvfrom(
    fd: c_int,
    buffer: *mut c_void,
    length: size_t,
    flags: c_int,
    address: *mut sockaddr,
    address_length: *mut socklen_t,
) -> ssize_t {
    if gate::may_be_open() {
        // SAFETY: by the caller's contract.
        return unsafe { recvfrom_giving_way(fd, buffer, length, flags, address, address_length) };
    }
    // SAFETY: by the caller's contract.
    unsafe { Real::recvfrom(fd, buffer, length, flags, address, address_length) }
}

/// [`recvfrom`], apart from it so that a native thread's call is short.
///
/// # Safety
///
/// As for [`recvfrom`].
#[inline(never)]
unsafe fn recvfrom_giving_way(
    fd: RawFd,
    buffer: *mut c_void,
    length: size_t,
    flags: c_int,
    address: *mut sockaddr,
    address_length: *mut socklen_t,
) -> ssize_t {
    // SAFETY: by the caller's contract.
    let own = |done: usize, flags| unsafe {
        let buffer = buffer.wrapping_byte_add(done);
        Real::recvfrom(fd, buffer, length - done, flags, address, address_length)
    };
    if !gate::is_open() || never_blocks(flags) {
        return noting_busy(own(0, flags));
    }
    receive_whole(fd, length, flags, &own)
}

/// [`recvfrom`] for code that was compiled to check the size of its buffers.
///
/// # Safety
///
/// `buffer` is valid for writes of `room` bytes; the rest as for [`recvfrom`].
// SAFETY: it has the signature of libc's.
#[unsafe(no_mangle)]
unsafe extern "C-unwind" fn __recvfrom_chk(
    fd: c_int,
    buffer: *mut c_void,
    length: size_t,
    room: size_t,
    flags: c_int,
    address: *mut sockaddr,
    address_length: *mut socklen_t,
) -> ssize_t {
    if length > room {
        // It ends the process.
        // SAFETY: by the caller's contract.
        return unsafe {
            Real::__recvfrom_chk(fd, buffer, length, room, flags, address, address_length)
        };
    }
    // SAFETY: by the caller's contract.
    unsafe { recvfrom(fd, buffer, length, flags, address, address_length) }
}

/// Receives a message.
///
/// # Safety
///
/// The message and what it points to are valid for what the kernel does with them.
// SAFETY: it has the signature of libc's.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C-unwind" fn recvmsg(
    fd: c_int,
    message: *mut msghdr,
    flags: c_int,
) -> ssize_t {
    if gate::may_be_open() {
        // SAFETY: by the caller's contract.
        return unsafe { recvmsg_giving_way(fd, message, flags) };
    }
    // SAFETY: by the caller's contract.
    unsafe { Real::recvmsg(fd, message, flags) }
}

/// [`recvmsg`], apart from it so that a native thread's call is short.
///
/// # Safety
///
/// As for [`recvmsg`].
#[inline(never)]
unsafe fn recvmsg_giving_way(fd: RawFd, message: *mut msghdr, flags: c_int) -> ssize_t {
    // SAFETY: by the caller's contract.
    let own = |flags| unsafe { Real::recvmsg(fd, message, flags) };
    if !gate::is_open() || never_blocks(flags) {
        return noting_busy(own(flags));
    }
    if flags & libc::MSG_WAITALL != 0 {
        return receive_elsewhere(&|| own(flags));
    }
    // The kernel changes a message that it has received only.
    Transfer {
        fd,
        direction: Direction::Read,
        whole: 0,
        attempt: &mut |_| own(flags | libc::MSG_DONTWAIT),
        block: &mut |_| own(flags),
    }
    .perform()
}

/// Receives several messages.
///
/// # Safety
///
/// The messages and what they point to are valid for what the kernel does with them, and so is the time.
// SAFETY: it has the signature of libc's.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C-unwind" fn recvmmsg(
    fd: c_int,
    messages: *mut mmsghdr,
    count: c_uint,
    flags: c_int,
    timeout: *mut timespec,
) -> c_int {
    if !gate::is_open() || never_blocks(flags) || count == 0 {
        // SAFETY: by the caller's contract.
        return unsafe { Real::recvmmsg(fd, messages, count, flags, timeout) };
    }
    let begun = Instant::now();
    let mut limit = None;
    if !timeout.is_null() {
        // SAFETY: by the caller's contract.
        let time = unsafe { timeout.read() };
        match (u64::try_from(time.tv_sec), u32::try_from(time.tv_nsec)) {
            (Ok(seconds), Ok(nanoseconds @ 0..1_000_000_000)) => {
                limit = Some(Duration::new(seconds, nanoseconds));
            }
            // SAFETY: by the caller's contract.
            _ => return unsafe { Real::recvmmsg(fd, messages, count, flags, timeout) },
        }
    }
    let waits_for_one = flags & libc::MSG_WAITFORONE != 0;
    let each = flags & !libc::MSG_WAITFORONE;
    let mut received = 0;
    while received < count {
        let left = messages.wrapping_add(received as usize);
        // SAFETY: by the caller's contract.
        let header = unsafe { &raw mut (*left).msg_hdr };
        let flags = match waits_for_one && received > 0 {
            true => each | libc::MSG_DONTWAIT,
            false => each,
        };
        // SAFETY: by the caller's contract.
        let length = unsafe { recvmsg(fd, header, flags) };
        let Ok(length) = c_uint::try_from(length) else {
            break;
        };
        // SAFETY: by the caller's contract.
        unsafe { (*left).msg_len = length };
        received += 1;
        // As in the kernel, which looks at the time after each message.
        if limit.is_some_and(|limit| begun.elapsed() >= limit) {
            break;
        }
    }
    if let Some(limit) = limit {
        let left = limit.saturating_sub(begun.elapsed());
        // SAFETY: by the caller's contract.
        unsafe {
            timeout.write(timespec {
                tv_sec: left.as_secs() as _,
                tv_nsec: left.subsec_nanos() as _,
            });
        }
    }
    if received == 0 { -1 } else { received as c_int }
}

/// Sends bytes.
///
/// # Safety
///
/// `buffer` is valid for reads of `length` bytes.
// SAFETY: it has the signature of libc's.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C-unwind" fn send(
    fd: c_int,
    buffer: *const c_void,
    length: size_t,
    flags: c_int,
) -> ssize_t {
    if gate::may_be_open() {
        // SAFETY: by the caller's contract.
        return unsafe { send_giving_way(fd, buffer, length, flags) };
    }
    // SAFETY: by the caller's contract.
    unsafe { Real::send(fd, buffer, length, flags) }
}

/// [`send`], apart from it so that a native thread's call is short.
///
/// # Safety
///
/// As for [`send`].
#[inline(never)]
unsafe fn send_giving_way(
    fd: RawFd,
    buffer: *const c_void,
    length: size_t,
    flags: c_int,
) -> ssize_t {
    // SAFETY: by the caller's contract.
    let own = |done: usize, flags| unsafe {
        Real::send(fd, buffer.wrapping_byte_add(done), length - done, flags)
    };
    send_whole(fd, length, flags, &own)
}

/// Sends bytes to an address.
///
/// # Safety
///
/// `buffer` is valid for reads of `length` bytes, and the address, unless it is null, for reads of its length.
// SAFETY: it has the signature of libc's.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C-unwind" fn sendto(
    fd: c_int,
    buffer: *const c_void,
    length: size_t,
    flags: c_int,
    address: *const sockaddr,
    address_length: socklen_t,
) -> ssize_t {
    if gate::may_be_open() {
        // SAFETY: by the caller's contract.
        return unsafe { sendto_giving_way(fd, buffer, length, flags, address, address_length) };
    }
    // SAFETY: by the caller's contract.
    unsafe { Real::sendto(fd, buffer, length, flags, address, address_length) }
}

/// [`sendto`], apart from it so that a native thread's call is short.
///
/// # Safety
///
/// As for [`sendto`].
#[inline(never)]
unsafe fn sendto_giving_way(
    fd: RawFd,
    buffer: *const c_void,
    length: size_t,
    flags: c_int,
    address: *const sockaddr,
    address_length: socklen_t,
) -> ssize_t {
    // SAFETY: by the caller's contract.
    let own = |done: usize, flags| unsafe {
        let buffer = buffer.wrapping_byte_add(done);
        Real::sendto(fd, buffer, length - done, flags, address, address_length)
    };
    send_whole(fd, length, flags, &own)
}

/// Sends a message.
///
/// # Safety
///
/// The message and what it points to are valid for reads.
// SAFETY: it has the signature of libc's.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C-unwind" fn sendmsg(
    fd: c_int,
    message: *const msghdr,
    flags: c_int,
) -> ssize_t {
    if gate::may_be_open() {
        // SAFETY: by the caller's contract.
        return unsafe { sendmsg_giving_way(fd, message, flags) };
    }
    // SAFETY: by the caller's contract.
    unsafe { Real::sendmsg(fd, message, flags) }
}

/// [`sendmsg`], apart from it so that a native thread's call is short.
///
/// # Safety
///
/// As for [`sendmsg`].
#[inline(never)]
unsafe fn sendmsg_giving_way(fd: RawFd, message: *const msghdr, flags: c_int) -> ssize_t {
    if !gate::is_open() || never_blocks(flags) || message.is_null() {
        // SAFETY: by the caller's contract.
        return noting_busy(unsafe { Real::sendmsg(fd, message, flags) });
    }
    // SAFETY: by the caller's contract.
    let given = unsafe { message.read() };
    let (vectors, count) = (given.msg_iov.cast_const(), given.msg_iovlen);
    let own = |done: usize, flags| {
        if done == 0 {
            // SAFETY: by the caller's contract.
            return unsafe { Real::sendmsg(fd, message, flags) };
        }
        // SAFETY: by the caller's contract.
        let rest = unsafe { Rest::after(done, vectors, count) };
        let (vectors, count) = rest.buffers();
        // The ancillary data was sent with the first bytes.
        let mut left = of(vectors, count);
        left.msg_name = given.msg_name;
        left.msg_namelen = given.msg_namelen;
        // SAFETY: by the caller's contract.
        unsafe { Real::sendmsg(fd, &raw const left, flags) }
    };
    // SAFETY: by the caller's contract.
    match unsafe { Rest::length(vectors, count) } {
        Some(length) => send_whole(fd, length, flags, &own),
        None => own(0, flags),
    }
}

/// Sends several messages.
///
/// # Safety
///
/// The messages and what they point to are valid for reads, and they themselves for writes.
// SAFETY: it has the signature of libc's.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C-unwind" fn sendmmsg(
    fd: c_int,
    messages: *mut mmsghdr,
    count: c_uint,
    flags: c_int,
) -> c_int {
    if !gate::is_open() || never_blocks(flags) || count == 0 {
        // SAFETY: by the caller's contract.
        return unsafe { Real::sendmmsg(fd, messages, count, flags) };
    }
    let mut sent = 0;
    while sent < count.min(libc::UIO_MAXIOV as c_uint) {
        let next = messages.wrapping_add(sent as usize);
        // SAFETY: by the caller's contract.
        let header = unsafe { &raw const (*next).msg_hdr };
        // SAFETY: by the caller's contract.
        let length = unsafe { sendmsg(fd, header, flags) };
        let Ok(length) = c_uint::try_from(length) else {
            break;
        };
        // SAFETY: by the caller's contract.
        unsafe { (*next).msg_len = length };
        sent += 1;
    }
    if sent == 0 { -1 } else { sent as c_int }
}

/// Receives as much as the flags ask for.
#[inline]
fn receive_whole(
    fd: RawFd,
    length: usize,
    flags: c_int,
    own: &dyn Fn(usize, c_int) -> isize,
) -> isize {
    let waits_for_all = flags & libc::MSG_WAITALL != 0;
    if waits_for_all && (flags & libc::MSG_PEEK != 0 || !descriptor_state::is_stream(fd)) {
        return receive_elsewhere(&|| own(0, flags));
    }
    Transfer {
        fd,
        direction: Direction::Read,
        whole: if waits_for_all { length } else { 0 },
        attempt: &mut |done| own(done, flags | libc::MSG_DONTWAIT),
        block: &mut |done| own(done, flags),
    }
    .perform()
}

/// Has a helper receive what cannot be received in parts.
#[cold]
fn receive_elsewhere(own: &dyn Fn() -> isize) -> isize {
    elsewhere(seam::libc_io::transfer, &mut || own()).unwrap_or_else(own)
}

/// Sends all. Only a stream accepts a part.
#[inline]
fn send_whole(
    fd: RawFd,
    length: usize,
    flags: c_int,
    own: &dyn Fn(usize, c_int) -> isize,
) -> isize {
    if !gate::is_open() || never_blocks(flags) {
        return noting_busy(own(0, flags));
    }
    Transfer {
        fd,
        direction: Direction::Write,
        whole: length,
        attempt: &mut |done| own(done, flags | libc::MSG_DONTWAIT),
        block: &mut |done| own(done, flags),
    }
    .perform()
}

/// Notes, on a green thread, that a call which does not block has failed for that reason: it is probably made again.
#[inline(always)]
fn noting_busy(result: isize) -> isize {
    if result == -1 && gate::is_open() && errno::get() == libc::EAGAIN {
        seam::busy::busy();
        errno::set(libc::EAGAIN);
    }
    result
}
