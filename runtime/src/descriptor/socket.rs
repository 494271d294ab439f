//! Receiving from and sending to a socket: the system calls of most transfers.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

use libc::c_int;

use crate::descriptor::direction::Manner;

/// The flag with which a write after the peer has closed fails instead of raising a signal, as in std.
#[cfg(not(target_vendor = "apple"))]
pub(crate) const MSG_NOSIGNAL: c_int = libc::MSG_NOSIGNAL;
/// On Apple's systems a socket option does this, which is set when the socket is created.
#[cfg(target_vendor = "apple")]
pub(crate) const MSG_NOSIGNAL: c_int = 0;

/// Receives up to `buffer.len()` bytes.
#[inline]
pub(crate) fn receive(
    fd: BorrowedFd<'_>,
    buffer: &mut [u8],
    manner: Manner,
    flags: c_int,
) -> io::Result<usize> {
    // SAFETY: the buffer is valid for writes of its length.
    let received = unsafe {
        libc::recv(
            fd.as_raw_fd(),
            buffer.as_mut_ptr().cast(),
            buffer.len(),
            flags | manner.flags(),
        )
    };
    usize::try_from(received).map_err(|_| io::Error::last_os_error())
}

/// Sends as many of `bytes` as there is room for; in the manner `Block`, all of them.
#[inline]
pub(crate) fn send(fd: BorrowedFd<'_>, bytes: &[u8], manner: Manner) -> io::Result<usize> {
    // SAFETY: the bytes are valid for reads of their length.
    let sent = unsafe {
        libc::send(
            fd.as_raw_fd(),
            bytes.as_ptr().cast(),
            bytes.len(),
            MSG_NOSIGNAL | manner.flags(),
        )
    };
    usize::try_from(sent).map_err(|_| io::Error::last_os_error())
}

impl Manner {
    #[inline]
    fn flags(self) -> c_int {
        match self {
            Manner::Block => 0,
            Manner::Try => libc::MSG_DONTWAIT,
        }
    }
}
