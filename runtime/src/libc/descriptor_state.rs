//! What decides how a call on a descriptor blocks. The kernel is asked each time, after an attempt that would block: code
//! closes, duplicates and changes descriptors without notice.
//!
//! Invariant:
//! 1. The number may mean any descriptor, or none. What is called here reads or writes only what is passed to it.
#![allow(unsafe_code)]

use std::ffi::c_int;
use std::mem::MaybeUninit;
use std::os::fd::RawFd;
use std::time::{Duration, Instant};

use crate::descriptor::direction::Direction;

/// What a descriptor refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Socket,
    /// A file or a folder in storage, or a device that holds blocks: always ready, and yet slow.
    Storage,
    /// A pipe.
    Pipe,
    /// A terminal, a device, an eventfd, a timerfd and the like.
    Other,
}

/// Returns what the number refers to.
pub(super) fn kind(fd: RawFd) -> Kind {
    let mut status = MaybeUninit::<libc::stat>::uninit();
    // SAFETY: by invariant 1; `status` is valid for the write.
    if unsafe { libc::fstat(fd, status.as_mut_ptr()) } != 0 {
        return Kind::Other;
    }
    // SAFETY: the call has succeeded.
    let status = unsafe { status.assume_init() };
    match status.st_mode & libc::S_IFMT {
        libc::S_IFSOCK => Kind::Socket,
        libc::S_IFREG | libc::S_IFDIR | libc::S_IFBLK => Kind::Storage,
        libc::S_IFIFO => Kind::Pipe,
        _ => Kind::Other,
    }
}

/// Returns true if calls fail instead of blocking. So they do, too, if the number means none.
pub(super) fn is_nonblocking(fd: RawFd) -> bool {
    // SAFETY: by invariant 1; F_GETFL takes no argument.
    let flags = unsafe { libc::fcntl(fd, libc::F_GETFL) };
    flags == -1 || flags & libc::O_NONBLOCK != 0
}

/// Returns when a call on a socket that begins now times out.
pub(super) fn deadline(fd: RawFd, direction: Direction) -> Option<Instant> {
    let option = match direction {
        Direction::Read => libc::SO_RCVTIMEO,
        Direction::Write => libc::SO_SNDTIMEO,
    };
    let mut time = libc::timeval {
        tv_sec: 0,
        tv_usec: 0,
    };
    let mut length = size_of::<libc::timeval>() as libc::socklen_t;
    // SAFETY: by invariant 1; `time` is valid for a write of `length` bytes.
    let result = unsafe {
        libc::getsockopt(
            fd,
            libc::SOL_SOCKET,
            option,
            (&raw mut time).cast(),
            &raw mut length,
        )
    };
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    let microseconds = u32::try_from(time.tv_usec).unwrap_or(0);
    let timeout = Duration::new(seconds, microseconds.saturating_mul(1000));
    if result != 0 || timeout.is_zero() {
        return None;
    }
    Instant::now().checked_add(timeout)
}

/// Returns true if the socket is one of a stream.
pub(super) fn is_stream(fd: RawFd) -> bool {
    let mut kind: c_int = 0;
    let mut length = size_of::<c_int>() as libc::socklen_t;
    // SAFETY: by invariant 1; `kind` is valid for a write of `length` bytes.
    let result = unsafe {
        libc::getsockopt(
            fd,
            libc::SOL_SOCKET,
            libc::SO_TYPE,
            (&raw mut kind).cast(),
            &raw mut length,
        )
    };
    result == 0 && kind == libc::SOCK_STREAM
}
