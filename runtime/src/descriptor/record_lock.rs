//! A lock on what a descriptor stands for, against other processes.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

/// Held by this process, as far as the OS can lock what the descriptor stands for; Linux can lock a socket. It goes with
/// the process, and children do not inherit it.
pub(super) struct RecordLock<'a>(BorrowedFd<'a>);

impl<'a> RecordLock<'a> {
    /// Waits for it. It is held for the length of a few calls to the OS.
    pub(super) fn of(fd: BorrowedFd<'a>) -> Self {
        while let Err(error) = control(fd, libc::F_SETLKW, libc::F_WRLCK as libc::c_int) {
            // The second is a guess of the OS: that processes, not threads, wait for each other.
            if !matches!(error.raw_os_error(), Some(libc::EINTR | libc::EDEADLK)) {
                break;
            }
        }
        RecordLock(fd)
    }
}

impl Drop for RecordLock<'_> {
    fn drop(&mut self) {
        // It fails only if nothing was locked.
        let _ = control(self.0, libc::F_SETLK, libc::F_UNLCK as libc::c_int);
    }
}

fn control(fd: BorrowedFd<'_>, command: libc::c_int, kind: libc::c_int) -> io::Result<()> {
    // SAFETY: a lock of nothing is valid.
    let mut lock: libc::flock = unsafe { std::mem::zeroed() };
    lock.l_type = kind as _;
    lock.l_whence = libc::SEEK_SET as _;
    // SAFETY: the lock is valid for a read and a write.
    match unsafe { libc::fcntl(fd.as_raw_fd(), command, &raw mut lock) } {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}
