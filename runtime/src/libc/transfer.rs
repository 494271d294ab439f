//! One transfer by a function of libc on a green thread: attempts that do not block, and waits between them.
#![forbid(unsafe_code)]

use std::os::fd::RawFd;

use super::descriptor_state::{self, Kind};
use super::errno;
use crate::boundary;
use crate::descriptor::direction::Direction;
use crate::descriptor::ready::{Ended, Interest, Ready, Waiting};
use crate::seam;

/// A transfer, as the functions of libc describe it.
pub(super) struct Transfer<'a> {
    pub(super) fd: RawFd,
    pub(super) direction: Direction,
    /// How many bytes a blocking call moves before it returns. Zero if it returns with what it gets.
    pub(super) whole: usize,
    /// Moves what can be moved without blocking, after so many bytes. Fails with `EAGAIN` if that is nothing.
    pub(super) attempt: &'a mut dyn FnMut(usize) -> isize,
    /// Moves the rest, after so many bytes, and blocks.
    pub(super) block: &'a mut dyn FnMut(usize) -> isize,
}

impl Transfer<'_> {
    /// Performs it. Returns what the function of libc returns, with `errno`.
    #[inline]
    pub(super) fn perform(&mut self) -> isize {
        let result = {
            let _inside = boundary::enter();
            (self.attempt)(0)
        };
        if result >= 0 && result as usize >= self.whole {
            seam::libc_io::transfer(&mut Waiting::Transferred);
            return result;
        }
        if result == -1 && errno::get() != libc::EAGAIN {
            return -1;
        }
        self.go_on(result)
    }

    /// Performs the rest of it, after an attempt that moved not all bytes.
    #[cold]
    fn go_on(&mut self, first: isize) -> isize {
        let inside = boundary::enter();
        let mut done = 0;
        let mut last = Some(first);
        let mut deadline = None;
        loop {
            match last.take().unwrap_or_else(|| (self.attempt)(done)) {
                -1 if errno::get() == libc::EAGAIN => {}
                -1 => return partial(done, errno::get()),
                moved => {
                    done += moved as usize;
                    if moved == 0 || done >= self.whole {
                        return done as isize;
                    }
                    continue;
                }
            }
            if deadline.is_none() {
                if descriptor_state::kind(self.fd) == Kind::Storage {
                    drop(inside);
                    return self.block_for(done);
                }
                if descriptor_state::is_nonblocking(self.fd) {
                    seam::busy::busy();
                    return partial(done, libc::EAGAIN);
                }
                deadline = Some(descriptor_state::deadline(self.fd, self.direction));
            }
            let mut result = -1;
            let mut error = libc::EAGAIN;
            let attempt = &mut self.attempt;
            let mut again = || {
                result = attempt(done);
                if result == -1 {
                    error = errno::get();
                }
                result != -1 || error != libc::EAGAIN
            };
            let ended = seam::libc_io::transfer(&mut Waiting::Ready(Ready {
                interest: Interest::One(self.fd, self.direction),
                deadline: deadline.flatten(),
                restarts: true,
                attempt: &mut again,
            }));
            match ended {
                None => {
                    drop(inside);
                    return self.block_for(done);
                }
                Some(Ended::Done) => {
                    errno::set(error);
                    last = Some(result);
                }
                Some(Ended::TimedOut) => return partial(done, libc::EAGAIN),
                Some(Ended::Interrupted) => return partial(done, libc::EINTR),
            }
        }
    }

    /// Moves the rest by a call that blocks.
    fn block_for(&mut self, done: usize) -> isize {
        match (self.block)(done) {
            -1 => partial(done, errno::get()),
            moved => done as isize + moved,
        }
    }
}

/// Returns the bytes that were moved before an error, or fails with it if there are none.
fn partial(done: usize, error: i32) -> isize {
    if done > 0 {
        return done as isize;
    }
    errno::fail(error) as isize
}
