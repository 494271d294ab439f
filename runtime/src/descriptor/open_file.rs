//! What the OS keeps for all duplicates of a descriptor together, as far as waiting goes: whether it
//! blocks, and for how long.
//!
//! It is remembered, and may be changed past it, by `fcntl`, `ioctl` and `setsockopt`. So it is asked for again
//! ([`OpenFile::refresh`]) on the way into a wait, and before a call ends because of it.
//!
//! | mode | its user wants | the OS |
//! | --- | --- | --- |
//! | `BLOCKS` | to wait | blocks |
//! | `WISHED` | `WouldBlock` | does not block |
//! | `MADE` | to wait | does not block, since a green thread has waited |
//!
//! A call that cannot be asked not to block, as accepting, is made [with the descriptor not
//! blocking](OpenFile::without_blocking), and the descriptor blocks again at once. Those that do this, or look
//! whether the user has, keep each other out: in this process by `change`, and those that share the descriptor from other
//! processes by a [`RecordLock`].
#![allow(unsafe_code)]

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU8, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::descriptor::direction::Direction;
use crate::descriptor::record_lock::RecordLock;

const BLOCKS: u8 = 0;
const WISHED: u8 = 1;
const MADE: u8 = 2;

/// Nanoseconds for "as long as it takes".
const FOR_EVER: u64 = 0;

/// What is known of an open file description.
#[derive(Debug)]
pub(crate) struct OpenFile {
    // Relaxed everywhere: nothing is published by it, and a thread that uses a descriptor while
    // another changes its mode gets the one or the other, as from the OS.
    mode: AtomicU8,
    /// Nanoseconds, for reading and for writing.
    timeouts: [AtomicU64; 2],
    /// The code of an error that the next call returns; zero is none.
    error: AtomicI32,
    /// Whether it has been, for the length of a call, non-blocking without its user's wish.
    was_lent: AtomicBool,
    /// Held while the mode changes, so that it and the OS agree.
    change: Mutex<()>,
}

impl OpenFile {
    /// Of a descriptor that has just been made.
    pub(super) fn fresh() -> Self {
        OpenFile {
            mode: AtomicU8::new(BLOCKS),
            timeouts: [AtomicU64::new(FOR_EVER), AtomicU64::new(FOR_EVER)],
            error: AtomicI32::new(0),
            was_lent: AtomicBool::new(false),
            change: Mutex::new(()),
        }
    }

    /// Of a descriptor that somebody else has made.
    pub(super) fn of(fd: BorrowedFd<'_>) -> Self {
        let description = OpenFile::fresh();
        if is_nonblocking(fd) {
            description.mode.store(WISHED, Ordering::Relaxed);
        }
        for direction in [Direction::Read, Direction::Write] {
            description.set_timeout(direction, timeout_of(fd, direction));
        }
        description
    }

    /// Whether it blocks, and for ever.
    pub(super) fn is_fresh(&self) -> bool {
        self.mode.load(Ordering::Relaxed) == BLOCKS
            && [Direction::Read, Direction::Write]
                .iter()
                .all(|direction| self.timeout(*direction).is_none())
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

    /// Asks the OS again. For a descriptor that may be lent ([`without_blocking`](Self::without_blocking)) no mode is
    /// believed that another call has made for its length.
    pub(super) fn refresh(&self, fd: BorrowedFd<'_>, direction: Direction, may_be_lent: bool) {
        self.set_timeout(direction, timeout_of(fd, direction));
        if !is_nonblocking(fd) && self.mode.load(Ordering::Relaxed) == BLOCKS {
            return;
        }
        // It fails in nothing.
        let _ = self.change(|mode| {
            let _others = may_be_lent.then(|| RecordLock::of(fd));
            Ok(match mode {
                _ if !is_nonblocking(fd) => BLOCKS,
                MADE => MADE,
                _ => WISHED,
            })
        });
    }

    /// Makes a call with the descriptor not blocking, whether its user wishes that or not.
    pub(super) fn without_blocking<R>(
        &self,
        fd: BorrowedFd<'_>,
        call: impl FnOnce() -> io::Result<R>,
    ) -> io::Result<R> {
        let mut result = None;
        self.change(|_| {
            let _others = RecordLock::of(fd);
            if is_nonblocking(fd) {
                result = Some(call());
                return Ok(WISHED);
            }
            self.was_lent.store(true, Ordering::Relaxed);
            set(fd, true)?;
            result = Some(call());
            // What the call has is not lost for that.
            Ok(set(fd, false).map_or(WISHED, |()| BLOCKS))
        })?;
        result.expect("the call was made")
    }

    /// Whether a call may have failed with `WouldBlock` though the descriptor blocks, because another call was made
    /// without blocking at that time.
    pub(super) fn was_lent(&self) -> bool {
        self.was_lent.load(Ordering::Relaxed)
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

fn is_nonblocking(fd: BorrowedFd<'_>) -> bool {
    // SAFETY: F_GETFL takes no argument and changes nothing.
    let flags = unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_GETFL) };
    flags != -1 && flags & libc::O_NONBLOCK != 0
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
