//! Operations on sockets: for each, one attempt that may block and one that does not.
#![forbid(unsafe_code)]

use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Instant;

use socket2::{SockAddr, SockRef};

use super::sys;
use crate::descriptor::direction::{Direction, Manner};
use crate::descriptor::operation::{Kind, Operation, Size};
use crate::descriptor::poll::poll;
use crate::descriptor::watch::{Watch, Watched};
use crate::seam::net::perform;

pub(crate) use super::sys::Take;

/// What a read that returns fewer bytes than requested indicates about a stream.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Short {
    /// No more bytes are available.
    IsDrained,
    /// Nothing: a read of a Unix-domain stream ends between messages that carry credentials or descriptors.
    IsNothing,
}

/// Reads from a stream.
#[inline]
pub(crate) fn read<T: AsFd>(
    socket: &Watched<T>,
    buffer: &mut [u8],
    short: Short,
) -> io::Result<usize> {
    let (fd, watch) = (socket.as_fd(), socket.watch());
    let size = short.size(buffer.len());
    perform(&mut Operation::receive(fd, watch, size, buffer))
}

/// Reads from a stream into several buffers. Returns at once if all of them are empty, as in std. A read into one empty
/// buffer waits until bytes are available.
pub(crate) fn read_vectored<T>(
    socket: &Watched<T>,
    buffers: &mut [IoSliceMut<'_>],
    short: Short,
) -> io::Result<usize>
where
    T: AsFd,
    for<'a> &'a T: Read,
{
    let (fd, watch) = (socket.as_fd(), socket.watch());
    let room = buffers.iter().map(|buffer| buffer.len()).sum();
    if room == 0 {
        return Ok(0);
    }
    let size = short.size(room);
    read_with(fd, watch, size, &mut move |manner, _| match manner {
        Manner::Block => socket.inner().read_vectored(buffers),
        Manner::Try => sys::receive_vectored(fd, buffers),
    })
}

/// Writes all bytes to a stream, as a blocking call does.
#[inline]
pub(crate) fn write<T: AsFd>(socket: &Watched<T>, bytes: &[u8]) -> io::Result<usize> {
    let (fd, watch) = (socket.as_fd(), socket.watch());
    perform(&mut Operation::send(fd, watch, bytes))
}

/// Writes all bytes to a stream, as `Write::write_all` does. Once patched, one call is enough, which saves the return
/// through a loop around it.
#[inline]
pub(crate) fn write_all<T: AsFd>(socket: &Watched<T>, bytes: &[u8]) -> io::Result<()> {
    if bytes.is_empty() {
        return Ok(());
    }
    match write(socket, bytes) {
        Ok(written) if written == bytes.len() => Ok(()),
        first => {
            let mut first = Some(first);
            write_rest(bytes, &mut |bytes| {
                first.take().unwrap_or_else(|| write(socket, bytes))
            })
        }
    }
}

/// Writes the bytes in std's loop.
#[cold]
fn write_rest(bytes: &[u8], write: &mut dyn FnMut(&[u8]) -> io::Result<usize>) -> io::Result<()> {
    struct Writer<'a>(&'a mut dyn FnMut(&[u8]) -> io::Result<usize>);

    impl Write for Writer<'_> {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            (self.0)(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    Writer(write).write_all(bytes)
}

/// Writes all slices to a stream, as a blocking call does.
pub(crate) fn write_vectored<T>(socket: &Watched<T>, slices: &[IoSlice<'_>]) -> io::Result<usize>
where
    T: AsFd,
    for<'a> &'a T: Write,
{
    let (fd, watch) = (socket.as_fd(), socket.watch());
    let size = Size::All(sys::length(slices));
    write_with(fd, watch, size, &mut move |manner, done| match manner {
        Manner::Block => socket.inner().write_vectored(slices),
        Manner::Try => sys::send_vectored(fd, slices, done, &|code| {
            watch.defer_error(fd, code);
        }),
    })
}

/// Receives one message, or peeks at the bytes in a stream.
pub(crate) fn receive<T: AsFd>(
    socket: &Watched<T>,
    buffer: &mut [u8],
    take: Take,
    block: impl Fn(&T, &mut [u8]) -> io::Result<usize>,
) -> io::Result<usize> {
    let (fd, watch) = (socket.as_fd(), socket.watch());
    read_with(
        fd,
        watch,
        Size::Unknown,
        &mut move |manner, _| match manner {
            Manner::Block => block(socket.inner(), buffer),
            Manner::Try => sys::receive(fd, buffer, take),
        },
    )
}

/// Receives one message, and the address of its sender.
pub(crate) fn receive_from<T: AsFd, A>(
    socket: &Watched<T>,
    buffer: &mut [u8],
    take: Take,
    block: impl Fn(&T, &mut [u8]) -> io::Result<(usize, A)>,
    address: impl Fn(&SockAddr) -> io::Result<A>,
) -> io::Result<(usize, A)> {
    let (fd, watch) = (socket.as_fd(), socket.watch());
    let mut from = None;
    let length = read_with(fd, watch, Size::Unknown, &mut |manner, _| {
        let (length, address) = match manner {
            Manner::Block => block(socket.inner(), buffer)?,
            Manner::Try => {
                let (length, from) = sys::receive_from(fd, buffer, take)?;
                (length, address(&from)?)
            }
        };
        from = Some(address);
        Ok(length)
    })?;
    Ok((length, from.expect("a received message has a sender")))
}

/// Sends one message.
pub(crate) fn send<T: AsFd>(
    socket: &Watched<T>,
    bytes: &[u8],
    block: impl Fn(&T, &[u8]) -> io::Result<usize>,
) -> io::Result<usize> {
    let (fd, watch) = (socket.as_fd(), socket.watch());
    write_with(
        fd,
        watch,
        Size::Unknown,
        &mut move |manner, _| match manner {
            Manner::Block => block(socket.inner(), bytes),
            Manner::Try => sys::send(fd, bytes),
        },
    )
}

/// Sends one message to an address.
pub(crate) fn send_to<T: AsFd>(
    socket: &Watched<T>,
    bytes: &[u8],
    address: &SockAddr,
    block: impl Fn(&T, &[u8]) -> io::Result<usize>,
) -> io::Result<usize> {
    let (fd, watch) = (socket.as_fd(), socket.watch());
    write_with(
        fd,
        watch,
        Size::Unknown,
        &mut move |manner, _| match manner {
            Manner::Block => block(socket.inner(), bytes),
            Manner::Try => sys::send_to(fd, bytes, address),
        },
    )
}

/// Sends one message to an address. The result of an attempt that would block is decided by `full`.
pub(crate) fn send_to_or<T: AsFd>(
    socket: &Watched<T>,
    bytes: &[u8],
    address: &SockAddr,
    block: &dyn Fn(&T, &[u8]) -> io::Result<usize>,
    mut full: impl FnMut(io::Error) -> io::Result<usize>,
) -> io::Result<usize> {
    let (fd, watch) = (socket.as_fd(), socket.watch());
    write_with(fd, watch, Size::Unknown, &mut |manner, _| match manner {
        Manner::Block => block(socket.inner(), bytes),
        Manner::Try => match sys::send_to(fd, bytes, address) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => full(error),
            result => result,
        },
    })
}

/// Accepts one connection. No flag makes a single `accept` non-blocking, so the listener is made non-blocking for the
/// duration of the call.
pub(crate) fn accept<T: AsFd, C>(
    listener: &Watched<T>,
    accept: impl Fn(&T) -> io::Result<C>,
) -> io::Result<C> {
    let (fd, watch) = (listener.as_fd(), listener.watch());
    let mut accepted = None;
    let mut attempt = |manner, _| {
        accepted = Some(match manner {
            Manner::Block => accept_natively(fd, watch, || accept(listener.inner()))?,
            Manner::Try => watch.without_blocking(fd, || accept(listener.inner()))?,
        });
        Ok(0)
    };
    let operation = Operation::new(fd, watch, Direction::Read, Size::Unknown, &mut attempt);
    perform(&mut operation.of_kind(Kind::Accept))?;
    Ok(accepted.expect("a successful attempt has accepted a connection"))
}

/// Accepts and blocks the OS thread, even while a green thread has made the listener non-blocking for its own call.
fn accept_natively<C>(
    fd: BorrowedFd<'_>,
    watch: &Watch,
    accept: impl Fn() -> io::Result<C>,
) -> io::Result<C> {
    let began = Instant::now();
    loop {
        let error = match accept() {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock && watch.was_temporary() => {
                error
            }
            result => return result,
        };
        watch.refresh(fd, Direction::Read, true);
        if watch.is_nonblocking(fd) {
            return Err(error);
        }
        let timeout = watch.timeout(fd, Direction::Read);
        let deadline = timeout.and_then(|timeout| began.checked_add(timeout));
        if !poll(fd, Direction::Read, deadline)? {
            return Err(error);
        }
    }
}

/// Sets an accepted socket to the mode of a new one, on systems on which it inherits the mode of the listener.
pub(crate) fn as_made(socket: &impl AsFd) -> io::Result<()> {
    if cfg!(any(target_os = "linux", target_os = "android")) {
        return Ok(());
    }
    SockRef::from(socket).set_nonblocking(false)
}

#[inline]
fn read_with<'a>(
    fd: BorrowedFd<'a>,
    watch: &'a Watch,
    size: Size,
    attempt: &'a mut (dyn FnMut(Manner, usize) -> io::Result<usize> + 'a),
) -> io::Result<usize> {
    let operation = Operation::new(fd, watch, Direction::Read, size, attempt);
    perform(&mut operation.of_kind(Kind::Transfer))
}

#[inline]
fn write_with<'a>(
    fd: BorrowedFd<'a>,
    watch: &'a Watch,
    size: Size,
    attempt: &'a mut (dyn FnMut(Manner, usize) -> io::Result<usize> + 'a),
) -> io::Result<usize> {
    let operation = Operation::new(fd, watch, Direction::Write, size, attempt);
    perform(&mut operation.of_kind(Kind::Transfer))
}

impl Short {
    fn size(self, asked: usize) -> Size {
        match self {
            Short::IsDrained => Size::UpTo(asked),
            Short::IsNothing => Size::Unknown,
        }
    }
}
