//! The state of an open file (POSIX: open file description), which all duplicates of a descriptor share, as far as
//! waiting is concerned: whether it blocks, and for how long.
//!
//! This is a cached copy. `fcntl`, `ioctl` and `setsockopt` may change the OS's state past it, so the OS is asked again
//! ([`OpenFile::refresh`]) before a wait, and before a call fails because of the mode.
//!
//! | mode | for the user | for the OS |
//! | --- | --- | --- |
//! | `BLOCKS` | it blocks | it blocks |
//! | `REQUESTED` | it does not block | it does not block |
//! | `MADE` | it blocks | it does not block: made non-blocking for a green thread |
//!
//! A call without a flag not to block, such as `accept`, is made [with the descriptor temporarily
//! non-blocking](OpenFile::without_blocking). Threads that do this, or check whether the user has set the mode, exclude
//! each other: within this process by `change`, and across processes that share the descriptor by a [`RecordLock`].
#![allow(unsafe_code)]

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU8, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::descriptor::direction::Direction;
use crate::descriptor::record_lock::RecordLock;

const BLOCKS: u8 = 0;
const REQUESTED: u8 = 1;
const MADE: u8 = 2;

/// The timeout, in nanoseconds, that represents none.
const NO_TIMEOUT: u64 = 0;

/// The cached state of an open file.
#[derive(Debug)]
pub(crate) struct OpenFile {
    // Relaxed everywhere: it publishes nothing, and a thread that uses a descriptor while another changes its mode sees
    // either mode, as it does in the OS.
    mode: AtomicU8,
    /// Timeouts in nanoseconds, for reading and for writing.
    timeouts: [AtomicU64; 2],
    /// The code of the deferred error, which the next call returns; zero is none.
    error: AtomicI32,
    /// Whether it has ever been non-blocking for the duration of a call, against the mode that its user has set.
    was_temporary: AtomicBool,
    /// Held while the mode changes, so that the copy agrees with the OS.
    change: Mutex<()>,
}

impl OpenFile {
    /// Returns the state of a descriptor that was just created.
    pub(super) fn fresh() -> Self {
        OpenFile {
            mode: AtomicU8::new(BLOCKS),
            timeouts: [AtomicU64::new(NO_TIMEOUT), AtomicU64::new(NO_TIMEOUT)],
            error: AtomicI32::new(0),
            was_temporary: AtomicBool::new(false),
            change: Mutex::new(()),
        }
    }

    /// Returns the state of a descriptor that was created elsewhere, as the OS has it.
    pub(super) fn of(fd: BorrowedFd<'_>) -> Self {
        let open_file = OpenFile::fresh();
        if is_nonblocking(fd) {
            open_file.mode.store(REQUESTED, Ordering::Relaxed);
        }
        for direction in [Direction::Read, Direction::Write] {
            open_file.set_timeout(direction, timeout_of(fd, direction));
        }
        open_file
    }

    /// Returns whether it blocks, without timeouts.
    pub(super) fn is_fresh(&self) -> bool {
        self.mode.load(Ordering::Relaxed) == BLOCKS
            && [Direction::Read, Direction::Write]
                .iter()
                .all(|direction| self.timeout(*direction).is_none())
    }

    pub(super) fn is_nonblocking(&self) -> bool {
        self.mode.load(Ordering::Relaxed) == REQUESTED
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

    /// Updates the copy from the OS. With `may_be_temporary`, a mode that another call has set for its duration
    /// ([`without_blocking`](Self::without_blocking)) does not count as the user's.
    pub(super) fn refresh(&self, fd: BorrowedFd<'_>, direction: Direction, may_be_temporary: bool) {
        let mode = self.mode.load(Ordering::Relaxed);
        let nonblocking = is_nonblocking(fd);
        if nonblocking && mode == REQUESTED && !may_be_temporary {
            // The call fails at once. Its timeout is read when it matters again.
            return;
        }
        self.set_timeout(direction, timeout_of(fd, direction));
        if !nonblocking && mode == BLOCKS {
            return;
        }
        // The closure does not fail.
        let _ = self.change(|mode| {
            let _others = may_be_temporary.then(|| RecordLock::of(fd));
            Ok(match mode {
                _ if !is_nonblocking(fd) => BLOCKS,
                MADE => MADE,
                _ => REQUESTED,
            })
        });
    }

    /// Makes a call with the descriptor non-blocking for its duration.
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
                return Ok(REQUESTED);
            }
            self.was_temporary.store(true, Ordering::Relaxed);
            set(fd, true)?;
            result = Some(call());
            // The result of the call is not lost if the mode cannot be restored.
            Ok(set(fd, false).map_or(REQUESTED, |()| BLOCKS))
        })?;
        result.expect("the call was made")
    }

    /// Returns whether a call may have failed with `WouldBlock` although the descriptor blocks, because another call was
    /// made without blocking at that time.
    pub(super) fn was_temporary(&self) -> bool {
        self.was_temporary.load(Ordering::Relaxed)
    }

    pub(super) fn set_nonblocking(&self, fd: BorrowedFd<'_>, on: bool) -> io::Result<()> {
        self.change(|mode| match (on, mode) {
            (false, MADE) => Ok(MADE),
            (false, _) => set(fd, false).map(|()| BLOCKS),
            (true, _) => set(fd, true).map(|()| REQUESTED),
        })
    }

    /// Restores the mode that the user has set, before the descriptor is returned to the user.
    pub(super) fn restore(&self, fd: BorrowedFd<'_>) {
        // This does not fail for a descriptor that could be made non-blocking before.
        let _ = self.change(|mode| match mode {
            MADE => set(fd, false).map(|()| BLOCKS),
            mode => Ok(mode),
        });
    }

    pub(super) fn timeout(&self, direction: Direction) -> Option<Duration> {
        match self.timeouts[direction as usize].load(Ordering::Relaxed) {
            NO_TIMEOUT => None,
            nanoseconds => Some(Duration::from_nanos(nanoseconds)),
        }
    }

    pub(super) fn set_timeout(&self, direction: Direction, timeout: Option<Duration>) {
        let nanoseconds = timeout.map_or(NO_TIMEOUT, |timeout| {
            timeout.as_nanos().try_into().unwrap_or(u64::MAX)
        });
        self.timeouts[direction as usize].store(nanoseconds, Ordering::Relaxed);
    }

    /// Defers an error to the next call, unless one is deferred already.
    pub(super) fn defer_error(&self, code: i32) {
        // An earlier error takes precedence.
        let _ = self
            .error
            .compare_exchange(0, code, Ordering::Relaxed, Ordering::Relaxed);
    }

    pub(super) fn take_deferred_error(&self) -> Option<io::Error> {
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

/// Sets whether the OS blocks.
fn set(fd: BorrowedFd<'_>, nonblocking: bool) -> io::Result<()> {
    let mut nonblocking = libc::c_int::from(nonblocking);
    // SAFETY: FIONBIO reads one int, which is valid.
    match unsafe { libc::ioctl(fd.as_raw_fd(), libc::FIONBIO, &raw mut nonblocking) } {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}

/// Returns the timeout that is set in the OS; none for a descriptor other than that of a socket.
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

#[cfg(test)]
mod tests {
    use std::os::fd::AsFd;
    use std::os::unix::net::UnixStream;

    use super::*;

    /// A call that fails because of the mode does not need the timeout; it is read when the descriptor blocks again.
    #[test]
    fn a_timeout_is_read_when_the_descriptor_blocks() {
        let (socket, _other) = UnixStream::pair().unwrap();
        let second = Some(Duration::from_secs(1));
        let open_file = OpenFile::fresh();
        let refresh = || open_file.refresh(socket.as_fd(), Direction::Read, false);
        let is_known = || {
            let timeout = open_file.timeout(Direction::Read);
            (open_file.is_nonblocking(), timeout)
        };
        open_file.set_nonblocking(socket.as_fd(), true).unwrap();
        socket.set_read_timeout(second).unwrap();
        refresh();
        assert_eq!(is_known(), (true, None));
        // Past the copy.
        socket.set_nonblocking(false).unwrap();
        refresh();
        assert_eq!(is_known(), (false, second));
        socket.set_read_timeout(None).unwrap();
        socket.set_nonblocking(true).unwrap();
        refresh();
        assert_eq!(is_known(), (true, None));
    }
}
