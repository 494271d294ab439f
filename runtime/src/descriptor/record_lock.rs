//! A lock on an open file against other processes (POSIX record lock).
#![allow(unsafe_code)]

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

/// A record lock held by this process, if the OS can lock the object of the descriptor, as Linux can a socket. It is
/// released when the process ends, and children do not inherit it.
pub(super) struct RecordLock<'a>(BorrowedFd<'a>);

impl<'a> RecordLock<'a> {
    /// Acquires the lock, and blocks the OS thread. It is held for the duration of a few system calls.
    pub(super) fn of(fd: BorrowedFd<'a>) -> Self {
        while let Err(error) = control(fd, libc::F_SETLKW, libc::F_WRLCK as libc::c_int) {
            // EDEADLK is a guess: the OS treats a process as waiting although only one of its threads does.
            if !matches!(error.raw_os_error(), Some(libc::EINTR | libc::EDEADLK)) {
                break;
            }
        }
        RecordLock(fd)
    }
}

impl Drop for RecordLock<'_> {
    fn drop(&mut self) {
        // This fails only if nothing was locked.
        let _ = control(self.0, libc::F_SETLK, libc::F_UNLCK as libc::c_int);
    }
}

fn control(fd: BorrowedFd<'_>, command: libc::c_int, kind: libc::c_int) -> io::Result<()> {
    // SAFETY: `flock` is plain data, for which zeroes are valid.
    let mut lock: libc::flock = unsafe { std::mem::zeroed() };
    lock.l_type = kind as _;
    lock.l_whence = libc::SEEK_SET as _;
    // SAFETY: the lock is valid for a read and a write.
    match unsafe { libc::fcntl(fd.as_raw_fd(), command, &raw mut lock) } {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}
