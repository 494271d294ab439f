//! What the OS keeps for all duplicates of a descriptor together, as far as waiting goes: whether it
//! blocks, and for how long.
//!
//! | mode | its user wants | the OS |
//! | --- | --- | --- |
//! | `BLOCKS` | to wait | blocks |
//! | `WISHED` | `WouldBlock` | does not block |
//! | `MADE` | to wait | does not block, since a green thread has waited |
#![allow(unsafe_code)]

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::sync::atomic::{AtomicI32, AtomicU8, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::io::Direction;

const BLOCKS: u8 = 0;
const WISHED: u8 = 1;
const MADE: u8 = 2;

/// Nanoseconds for "as long as it takes".
const FOR_EVER: u64 = 0;

/// What is known of an open file description.
#[derive(Debug)]
pub(crate) struct Description {
    // Relaxed everywhere: nothing is published by it, and a thread that uses a descriptor while
    // another changes its mode gets the one or the other, as from the OS.
    mode: AtomicU8,
    /// Nanoseconds, for reading and for writing.
    timeouts: [AtomicU64; 2],
    /// The code of an error that the next call returns; zero is none.
    error: AtomicI32,
    /// Held while the mode changes, so that it and the OS agree.
    change: Mutex<()>,
}

impl Description {
    /// Of a descriptor that has just been made.
    pub(super) fn fresh() -> Self {
        Description {
            mode: AtomicU8::new(BLOCKS),
            timeouts: [AtomicU64::new(FOR_EVER), AtomicU64::new(FOR_EVER)],
            error: AtomicI32::new(0),
            change: Mutex::new(()),
        }
    }

    /// Of a descriptor that somebody else has made.
    pub(super) fn of(fd: BorrowedFd<'_>) -> Self {
        let description = Description::fresh();
        // SAFETY: F_GETFL takes no argument and changes nothing.
        let flags = unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_GETFL) };
        if flags != -1 && flags & libc::O_NONBLOCK != 0 {
            description.mode.store(WISHED, Ordering::Relaxed);
        }
        for direction in [Direction::Read, Direction::Write] {
            description.set_timeout(direction, timeout_of(fd, direction));
        }
        description
    }

    pub(super) fn is_nonblocking(&self) -> bool {
        self.mode.load(Ordering::Relaxed) == WISHED
    }

    pub(super) fn is_made_nonblocking(&self) -> bool {
        self.mode.load(Ordering::Relaxed) == MADE
    }

    pub(super) fn make_nonblocking(&self, fd: BorrowedFd<'_>) -> io::Result<()> {
        if self.mode.load(Ordering::Relaxed) == BLOCKS {
            self.change(|mode| match mode {
                BLOCKS => set(fd, true).map(|()| MADE),
                mode => Ok(mode),
            })
        } else {
            Ok(())
        }
    }

    pub(super) fn set_nonblocking(&self, fd: BorrowedFd<'_>, on: bool) -> io::Result<()> {
        self.change(|mode| match (on, mode) {
            (false, MADE) => Ok(MADE),
            (false, _) => set(fd, false).map(|()| BLOCKS),
            (true, _) => set(fd, true).map(|()| WISHED),
        })
    }

    /// Puts the descriptor, which is given away, in the mode that its user knows it in.
    pub(super) fn restore(&self, fd: BorrowedFd<'_>) {
        // It fails for no descriptor that could be made non-blocking before.
        let _ = self.change(|mode| match mode {
            MADE => set(fd, false).map(|()| BLOCKS),
            mode => Ok(mode),
        });
    }

    pub(super) fn timeout(&self, direction: Direction) -> Option<Duration> {
        match self.timeouts[direction as usize].load(Ordering::Relaxed) {
            FOR_EVER => None,
            nanoseconds => Some(Duration::from_nanos(nanoseconds)),
        }
    }

    pub(super) fn set_timeout(&self, direction: Direction, timeout: Option<Duration>) {
        let nanoseconds = timeout.map_or(FOR_EVER, |timeout| {
            timeout.as_nanos().try_into().unwrap_or(u64::MAX)
        });
        self.timeouts[direction as usize].store(nanoseconds, Ordering::Relaxed);
    }

    /// Keeps an error for the next call; the first of several.
    pub(super) fn keep_error(&self, code: i32) {
        // One that is there already came first, and stays.
        let _ = self
            .error
            .compare_exchange(0, code, Ordering::Relaxed, Ordering::Relaxed);
    }

    pub(super) fn take_kept_error(&self) -> Option<io::Error> {
        if self.error.load(Ordering::Relaxed) == 0 {
            return None;
        }
        let code = self.error.swap(0, Ordering::Relaxed);
        (code != 0).then(|| io::Error::from_raw_os_error(code))
    }

    fn change(&self, next: impl FnOnce(u8) -> io::Result<u8>) -> io::Result<()> {
        let _change = self.change.lock().unwrap_or_else(PoisonError::into_inner);
        let mode = next(self.mode.load(Ordering::Relaxed))?;
        self.mode.store(mode, Ordering::Relaxed);
        Ok(())
    }
}

/// Tells the OS whether to block.
fn set(fd: BorrowedFd<'_>, nonblocking: bool) -> io::Result<()> {
    let mut nonblocking = libc::c_int::from(nonblocking);
    // SAFETY: FIONBIO reads one int, which is valid.
    match unsafe { libc::ioctl(fd.as_raw_fd(), libc::FIONBIO, &raw mut nonblocking) } {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}

/// The timeout that the OS keeps; none for what is no socket.
fn timeout_of(fd: BorrowedFd<'_>, direction: Direction) -> Option<Duration> {
    let option = match direction {
        Direction::Read => libc::SO_RCVTIMEO,
        Direction::Write => libc::SO_SNDTIMEO,
    };
    let mut time = libc::timeval {
        tv_sec: 0,
        tv_usec: 0,
    };
    let mut length = size_of::<libc::timeval>() as libc::socklen_t;
    // SAFETY: `time` is valid for a write of `length` bytes, and so is `length` for its own.
    let result = unsafe {
        libc::getsockopt(
            fd.as_raw_fd(),
            libc::SOL_SOCKET,
            option,
            (&raw mut time).cast(),
            &raw mut length,
        )
    };
    let timeout = Duration::new(
        time.tv_sec.try_into().unwrap_or(0),
        u32::try_from(time.tv_usec)
            .unwrap_or(0)
            .saturating_mul(1000),
    );
    (result == 0 && !timeout.is_zero()).then_some(timeout)
}
