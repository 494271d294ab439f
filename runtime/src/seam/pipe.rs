//! Pipes: reading and writing.
//!
//! The other end of a pipe, and duplicates of this one, may belong to other processes, which expect calls to block. So a
//! green thread asks Linux not to block for one call (`RWF_NOWAIT`). The descriptor itself is made non-blocking only where
//! the kernel does not support that.
#![allow(unsafe_code)]

use std::io::{self, IoSlice, IoSliceMut};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};

use crate::descriptor;
use crate::descriptor::direction::{Direction, Manner};
use crate::descriptor::operation::{Kind, Operation, Size};
use crate::descriptor::watch::{Watch, Watched};
use crate::patchable;

/// Performs an operation on a pipe.
#[patchable]
pub(crate) fn perform(operation: &mut Operation<'_>) -> io::Result<usize> {
    descriptor::perform::perform(operation)
}

/// Reads from a pipe. Does not wait if `buf` is empty.
pub(crate) fn read<T: AsFd>(pipe: &Watched<T>, buf: &mut [u8]) -> io::Result<usize> {
    if buf.is_empty() {
        return Ok(0);
    }
    let (fd, watch) = (pipe.as_fd(), pipe.watch());
    let size = Size::UpTo(buf.len());
    let mut attempt = |manner, _| read_once(fd, watch, &mut [IoSliceMut::new(buf)], manner);
    let operation = Operation::new(fd, watch, Direction::Read, size, &mut attempt);
    perform(&mut operation.of_kind(Kind::Transfer))
}

/// Reads from a pipe into several buffers.
pub(crate) fn read_vectored<T: AsFd>(
    pipe: &Watched<T>,
    bufs: &mut [IoSliceMut<'_>],
) -> io::Result<usize> {
    if bufs.iter().all(|buf| buf.is_empty()) {
        return Ok(0);
    }
    let (fd, watch) = (pipe.as_fd(), pipe.watch());
    let mut attempt = |manner, _| read_once(fd, watch, bufs, manner);
    let operation = Operation::new(fd, watch, Direction::Read, Size::Unknown, &mut attempt);
    perform(&mut operation.of_kind(Kind::Transfer))
}

/// Writes to a pipe: all of `buf` unless an error occurs, as a call that blocks does.
pub(crate) fn write<T: AsFd>(pipe: &Watched<T>, buf: &[u8]) -> io::Result<usize> {
    let (fd, watch) = (pipe.as_fd(), pipe.watch());
    let size = Size::All(buf.len());
    let mut attempt = |manner, done| write_once(fd, watch, &[IoSlice::new(&buf[done..])], manner);
    let operation = Operation::new(fd, watch, Direction::Write, size, &mut attempt);
    perform(&mut operation.of_kind(Kind::Transfer))
}

/// Writes to a pipe from several buffers; once patched, possibly not all of them.
pub(crate) fn write_vectored<T: AsFd>(
    pipe: &Watched<T>,
    bufs: &[IoSlice<'_>],
) -> io::Result<usize> {
    let (fd, watch) = (pipe.as_fd(), pipe.watch());
    let size = Size::UpTo(bufs.iter().map(|buf| buf.len()).sum());
    let mut attempt = |manner, _| write_once(fd, watch, bufs, manner);
    let operation = Operation::new(fd, watch, Direction::Write, size, &mut attempt);
    perform(&mut operation.of_kind(Kind::Transfer))
}

/// The most buffers that the OS accepts in one call.
const MOST: usize = 1024;

fn read_once(
    fd: BorrowedFd<'_>,
    watch: &Watch,
    bufs: &mut [IoSliceMut<'_>],
    manner: Manner,
) -> io::Result<usize> {
    let count = bufs.len().min(MOST) as libc::c_int;
    // An `IoSliceMut` is laid out as an `iovec` on Unix, which std documents.
    let places = bufs.as_mut_ptr().cast::<libc::iovec>();
    once(
        fd,
        watch,
        manner,
        // SAFETY: `count` of these are valid for writes.
        || unsafe { libc::readv(fd.as_raw_fd(), places, count) },
        // SAFETY: as above; -1 is the position of the stream itself.
        |flags| unsafe { no_wait::preadv2(fd.as_raw_fd(), places, count, -1, flags) },
    )
}

fn write_once(
    fd: BorrowedFd<'_>,
    watch: &Watch,
    bufs: &[IoSlice<'_>],
    manner: Manner,
) -> io::Result<usize> {
    let count = bufs.len().min(MOST) as libc::c_int;
    // An `IoSlice` is laid out as an `iovec` on Unix, which std documents.
    let places = bufs.as_ptr().cast::<libc::iovec>();
    once(
        fd,
        watch,
        manner,
        // SAFETY: `count` of these are valid for reads.
        || unsafe { libc::writev(fd.as_raw_fd(), places, count) },
        // SAFETY: as above; -1 is the position of the stream itself.
        |flags| unsafe { no_wait::pwritev2(fd.as_raw_fd(), places, count, -1, flags) },
    )
}

/// Makes one attempt: by `blocking` where it may block, otherwise by `no_wait` if the kernel supports it.
fn once(
    fd: BorrowedFd<'_>,
    watch: &Watch,
    manner: Manner,
    mut blocking: impl FnMut() -> isize,
    no_wait: impl FnOnce(libc::c_int) -> isize,
) -> io::Result<usize> {
    let moved = |result: isize| usize::try_from(result).map_err(|_| io::Error::last_os_error());
    if manner == Manner::Block || watch.is_made_nonblocking() {
        return moved(blocking());
    }
    match moved(no_wait(no_wait::FLAG)) {
        Err(error) if no_wait::is_unknown(&error) => {
            watch.make_nonblocking(fd)?;
            moved(blocking())
        }
        result => result,
    }
}

/// Calls that do not block although the descriptor does, which Linux has.
#[cfg(target_os = "linux")]
mod no_wait {
    pub(super) use libc::{RWF_NOWAIT as FLAG, preadv2, pwritev2};

    /// Returns whether the error means that this kernel does not support it for this descriptor.
    pub(super) fn is_unknown(error: &std::io::Error) -> bool {
        matches!(
            error.raw_os_error(),
            Some(libc::EOPNOTSUPP | libc::ENOSYS | libc::EINVAL)
        )
    }
}

/// On other systems these calls fail.
#[cfg(not(target_os = "linux"))]
mod no_wait {
    pub(super) const FLAG: libc::c_int = 0;

    pub(super) unsafe fn preadv2(
        _: libc::c_int,
        _: *const libc::iovec,
        _: libc::c_int,
        _: libc::off_t,
        _: libc::c_int,
    ) -> isize {
        -1
    }

    pub(super) use preadv2 as pwritev2;

    pub(super) fn is_unknown(_: &std::io::Error) -> bool {
        true
    }
}
