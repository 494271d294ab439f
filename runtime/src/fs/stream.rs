//! Streams that are read and written with `read` and `write`: pipes, terminals, devices, and sockets that are used as
//! files.
//!
//! The other end of a pipe, and duplicates of this one, may belong to other processes, for which calls must block. So an
//! attempt of a green thread passes a flag not to block to the system call (`RWF_NOWAIT`). If the kernel does not support
//! that, a pipe or socket is made non-blocking. The mode of a terminal or device does not change, since other processes
//! use it: a green thread makes a blocking call when `poll` reports that it will not block.
#![allow(unsafe_code)]

use std::io::{self, ErrorKind, IoSlice, IoSliceMut, Read, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};

use crate::descriptor::direction::{Direction, Manner};
use crate::descriptor::operation::{AttemptFn, Kind, Operation, Size};
use crate::descriptor::poll::is_ready;
use crate::descriptor::stream::StreamKind;
use crate::descriptor::watch::{Watch, Watched};
use crate::seam::{net, pipe};

/// A stream that implements `Read` and `Write`.
#[derive(Clone, Copy)]
pub(crate) struct Stream<'a> {
    fd: BorrowedFd<'a>,
    watch: &'a Watch,
    kind: StreamKind,
}

impl<'a> Stream<'a> {
    /// Returns the stream of a descriptor that is not always ready.
    pub(crate) fn new(fd: BorrowedFd<'a>, watch: &'a Watch, kind: StreamKind) -> Self {
        Stream { fd, watch, kind }
    }

    /// Returns the stream of one end of a pipe.
    pub(crate) fn of_pipe<T: AsFd>(pipe: &'a Watched<T>) -> Self {
        Stream::new(pipe.as_fd(), pipe.watch(), StreamKind::Pipe)
    }

    /// Returns what a read of up to `asked` bytes indicates. A short read has emptied a pipe, but a terminal is read line by
    /// line, and a socket may be read message by message.
    fn size_of_read(self, asked: usize) -> Size {
        match self.kind {
            StreamKind::Pipe => Size::UpTo(asked),
            StreamKind::Socket | StreamKind::Terminal | StreamKind::Device => Size::Unknown,
        }
    }

    /// Returns what a write of `given` bytes indicates. A device may accept fewer bytes, also of a blocking call.
    fn size_of_write(self, given: usize) -> Size {
        match self.kind {
            StreamKind::Pipe | StreamKind::Socket | StreamKind::Terminal => Size::All(given),
            StreamKind::Device => Size::Unknown,
        }
    }

    /// Performs an operation through the patch point of the kind.
    fn perform(
        self,
        direction: Direction,
        size: Size,
        attempt: &mut AttemptFn<'_>,
    ) -> io::Result<usize> {
        let operation = Operation::new(self.fd, self.watch, direction, size, attempt);
        let operation = &mut operation.of_kind(Kind::Transfer);
        match self.kind {
            StreamKind::Socket => net::perform(operation),
            StreamKind::Pipe | StreamKind::Terminal | StreamKind::Device => {
                pipe::perform(operation)
            }
        }
    }

    fn read_once(self, bufs: &mut [IoSliceMut<'_>], manner: Manner) -> io::Result<usize> {
        let fd = self.fd.as_raw_fd();
        let count = bufs.len().min(MAX_BUFFERS) as libc::c_int;
        // An `IoSliceMut` is laid out as an `iovec` on Unix, which std documents.
        let iovecs = bufs.as_mut_ptr().cast::<libc::iovec>();
        // SAFETY: `count` of these are valid for writes.
        let blocking = || moved(unsafe { libc::readv(fd, iovecs, count) });
        // SAFETY: as above; -1 is the position of the stream itself.
        let no_wait = |flags| moved(unsafe { no_wait::preadv2(fd, iovecs, count, -1, flags) });
        let when_ready = |_| match is_ready(fd, libc::POLLIN) {
            true => blocking(),
            false => Err(ErrorKind::WouldBlock.into()),
        };
        self.once(manner, blocking, no_wait, when_ready)
    }

    fn write_once(self, bufs: &[IoSlice<'_>], manner: Manner) -> io::Result<usize> {
        let fd = self.fd.as_raw_fd();
        let count = bufs.len().min(MAX_BUFFERS) as libc::c_int;
        // An `IoSlice` is laid out as an `iovec` on Unix, which std documents.
        let iovecs = bufs.as_ptr().cast::<libc::iovec>();
        // SAFETY: `count` of these are valid for reads.
        let blocking = || moved(unsafe { libc::writev(fd, iovecs, count) });
        // SAFETY: as above; -1 is the position of the stream itself.
        let no_wait = |flags| moved(unsafe { no_wait::pwritev2(fd, iovecs, count, -1, flags) });
        let when_ready = |kind| match kind {
            StreamKind::Terminal => write_pieces(fd, bufs),
            _ if !is_ready(fd, libc::POLLOUT) => Err(ErrorKind::WouldBlock.into()),
            _ => blocking(),
        };
        self.once(manner, blocking, no_wait, when_ready)
    }

    /// Returns the kind as the OS reports it: the end of a pipe may have been created from the descriptor of a terminal.
    fn actual_kind(self) -> StreamKind {
        match self.kind {
            StreamKind::Pipe => StreamKind::of(self.fd).unwrap_or(StreamKind::Pipe),
            kind => kind,
        }
    }

    /// Makes one attempt: by `blocking` where it may block, otherwise by `no_wait` if the kernel supports it, or else by
    /// `when_ready` if the mode of the descriptor is not to be changed.
    fn once(
        self,
        manner: Manner,
        blocking: impl Fn() -> io::Result<usize>,
        no_wait: impl FnOnce(libc::c_int) -> io::Result<usize>,
        when_ready: impl FnOnce(StreamKind) -> io::Result<usize>,
    ) -> io::Result<usize> {
        if manner == Manner::Block || self.watch.is_made_nonblocking() {
            return blocking();
        }
        match no_wait(no_wait::FLAG) {
            Err(error) if no_wait::is_unknown(&error) => match self.actual_kind() {
                StreamKind::Pipe | StreamKind::Socket => {
                    self.watch.make_nonblocking(self.fd)?;
                    blocking()
                }
                kind @ (StreamKind::Terminal | StreamKind::Device) => when_ready(kind),
            },
            result => result,
        }
    }
}

/// Does not wait if `buf` is empty.
impl Read for Stream<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.read_vectored(&mut [IoSliceMut::new(buf)])
    }

    fn read_vectored(&mut self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        if bufs.iter().all(|buf| buf.is_empty()) {
            return Ok(0);
        }
        let size = match bufs {
            [buf] => self.size_of_read(buf.len()),
            _ => Size::Unknown,
        };
        let stream = *self;
        let mut attempt = |manner, _| stream.read_once(bufs, manner);
        self.perform(Direction::Read, size, &mut attempt)
    }
}

impl Write for Stream<'_> {
    /// Writes all of `buf` unless an error occurs, as a blocking call does.
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let stream = *self;
        let size = self.size_of_write(buf.len());
        let mut attempt = |manner, done| stream.write_once(&[IoSlice::new(&buf[done..])], manner);
        self.perform(Direction::Write, size, &mut attempt)
    }

    /// Writes from several buffers; once patched, possibly not all of them.
    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        let stream = *self;
        let mut attempt = |manner, _| stream.write_once(bufs, manner);
        self.perform(Direction::Write, Size::Unknown, &mut attempt)
    }

    /// Does nothing: no bytes are buffered.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The maximum number of buffers in one system call.
const MAX_BUFFERS: usize = 1024;

/// The number of bytes that a terminal accepts without blocking when it is ready.
const PIECE: usize = 128;

/// Writes to a terminal in pieces, while it is ready.
fn write_pieces(fd: libc::c_int, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
    let mut done = 0;
    for piece in bufs.iter().flat_map(|buf| buf.chunks(PIECE)) {
        if !is_ready(fd, libc::POLLOUT) {
            break;
        }
        // SAFETY: the piece is valid for reads of its length.
        let written = moved(unsafe { libc::write(fd, piece.as_ptr().cast(), piece.len()) });
        match written {
            Ok(written) => done += written,
            Err(error) if done == 0 => return Err(error),
            Err(_) => return Ok(done),
        }
        if written.is_ok_and(|written| written < piece.len()) {
            return Ok(done);
        }
    }
    match done {
        0 if bufs.iter().any(|buf| !buf.is_empty()) => Err(ErrorKind::WouldBlock.into()),
        done => Ok(done),
    }
}

fn moved(result: isize) -> io::Result<usize> {
    usize::try_from(result).map_err(|_| io::Error::last_os_error())
}

/// System calls of Linux that do not block although the descriptor is blocking.
#[cfg(target_os = "linux")]
mod no_wait {
    pub(super) use libc::{RWF_NOWAIT as FLAG, preadv2, pwritev2};

    /// Returns whether the error means that the kernel does not support the flag for this descriptor.
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
