//! System calls on a socket that do not block, whatever the mode of the socket.
#![allow(unsafe_code)]

use std::io::{self, IoSlice, IoSliceMut};
use std::mem::{self, MaybeUninit};
use std::os::fd::{AsRawFd, BorrowedFd};

use socket2::{SockAddr, SockRef};

use libc::{MSG_DONTWAIT, c_int};

use crate::descriptor::direction::Manner;
use crate::descriptor::socket::{self, MSG_NOSIGNAL};

/// The maximum number of slices in one system call.
const MAX_SLICES: usize = 1024;

/// Whether received bytes are removed from the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Take {
    All,
    Peek,
}

impl Take {
    fn flags(self) -> c_int {
        match self {
            Take::All => MSG_DONTWAIT,
            Take::Peek => MSG_DONTWAIT | libc::MSG_PEEK,
        }
    }
}

pub(super) fn receive(fd: BorrowedFd<'_>, buffer: &mut [u8], take: Take) -> io::Result<usize> {
    socket::receive(fd, buffer, Manner::Try, take.flags())
}

pub(super) fn receive_vectored(
    fd: BorrowedFd<'_>,
    buffers: &mut [IoSliceMut<'_>],
) -> io::Result<usize> {
    // SAFETY: `msghdr` is plain data, for which zeroes are valid.
    let mut message: libc::msghdr = unsafe { mem::zeroed() };
    message.msg_iov = buffers.as_mut_ptr().cast();
    message.msg_iovlen = buffers.len().min(MAX_SLICES) as _;
    // SAFETY: `IoSliceMut` is laid out as an `iovec`, which std documents, of a buffer that is valid for writes.
    let received = unsafe { libc::recvmsg(fd.as_raw_fd(), &raw mut message, MSG_DONTWAIT) };
    usize::try_from(received).map_err(|_| io::Error::last_os_error())
}

pub(super) fn receive_from(
    fd: BorrowedFd<'_>,
    buffer: &mut [u8],
    take: Take,
) -> io::Result<(usize, SockAddr)> {
    let buffer = std::ptr::from_mut(buffer) as *mut [MaybeUninit<u8>];
    // SAFETY: it is the same buffer, and the callee writes no uninitialized bytes to it.
    let buffer = unsafe { &mut *buffer };
    SockRef::from(&fd).recv_from_with_flags(buffer, take.flags())
}

pub(super) fn send(fd: BorrowedFd<'_>, bytes: &[u8]) -> io::Result<usize> {
    socket::send(fd, bytes, Manner::Try)
}

/// Sends the bytes after the first `done`, as many as there is room for. An error that occurs after a part was sent is
/// passed to `defer`, for the next call to return.
pub(super) fn send_vectored(
    fd: BorrowedFd<'_>,
    slices: &[IoSlice<'_>],
    done: usize,
    defer: &dyn Fn(c_int),
) -> io::Result<usize> {
    let socket = SockRef::from(&fd);
    let total = length(slices);
    let mut sent = 0;
    loop {
        let (rest, inside) = skip(slices, done + sent);
        let (asked, result) = match rest {
            [] => return Ok(sent),
            [first, ..] if inside > 0 => (first.len() - inside, send(fd, &first[inside..])),
            _ => {
                let batch = &rest[..rest.len().min(MAX_SLICES)];
                let result = socket.send_vectored_with_flags(batch, MSG_DONTWAIT | MSG_NOSIGNAL);
                (length(batch), result)
            }
        };
        match result {
            Ok(moved) => {
                sent += moved;
                if moved < asked || done + sent == total {
                    return Ok(sent);
                }
            }
            Err(error) if sent > 0 => {
                if let Some(code) = error.raw_os_error()
                    && error.kind() != io::ErrorKind::WouldBlock
                {
                    defer(code);
                }
                return Ok(sent);
            }
            Err(error) => return Err(error),
        }
    }
}

pub(super) fn send_to(fd: BorrowedFd<'_>, bytes: &[u8], address: &SockAddr) -> io::Result<usize> {
    SockRef::from(&fd).send_to_with_flags(bytes, address, MSG_DONTWAIT | MSG_NOSIGNAL)
}

/// Returns the total number of bytes.
pub(super) fn length(slices: &[IoSlice<'_>]) -> usize {
    slices.iter().map(|slice| slice.len()).sum()
}

/// Returns the slices that are left after `done` bytes, and the number of bytes of the first that are done.
fn skip<'a, 'b>(slices: &'a [IoSlice<'b>], mut done: usize) -> (&'a [IoSlice<'b>], usize) {
    let mut rest = slices;
    while let [first, others @ ..] = rest {
        if done < first.len() {
            break;
        }
        done -= first.len();
        rest = others;
    }
    (rest, done)
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::os::fd::AsFd;
    use std::os::unix::net::UnixStream;

    use super::*;

    fn unexpected(code: c_int) {
        panic!("{}", io::Error::from_raw_os_error(code));
    }

    #[test]
    fn slices_go_out_in_order_from_any_place() {
        let pieces: [&[u8]; 5] = [b"ab", b"", b"cde", b"f", b""];
        let slices = pieces.map(IoSlice::new);
        for done in 0..=6 {
            let (sender, mut receiver) = UnixStream::pair().unwrap();
            let sent = send_vectored(sender.as_fd(), &slices, done, &unexpected).unwrap();
            drop(sender);
            let mut received = Vec::new();
            receiver.read_to_end(&mut received).unwrap();
            assert_eq!(received, b"abcdef"[done..]);
            assert_eq!(sent, 6 - done);
        }
    }

    #[test]
    fn more_slices_than_fit_in_a_call() {
        let bytes: Vec<u8> = (0..3000_u32).map(|number| number as u8).collect();
        let slices: Vec<_> = bytes.chunks(1).map(IoSlice::new).collect();
        let (sender, mut receiver) = UnixStream::pair().unwrap();
        assert_eq!(
            send_vectored(sender.as_fd(), &slices, 0, &unexpected).unwrap(),
            3000
        );
        drop(sender);
        let mut received = Vec::new();
        receiver.read_to_end(&mut received).unwrap();
        assert_eq!(received, bytes);
    }

    #[test]
    fn what_would_block_says_so() {
        let (socket, _other) = UnixStream::pair().unwrap();
        let error = receive(socket.as_fd(), &mut [0; 4], Take::All).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
        let error = receive_vectored(socket.as_fd(), &mut [IoSliceMut::new(&mut [0; 4])]);
        assert_eq!(error.unwrap_err().kind(), io::ErrorKind::WouldBlock);
    }
}
