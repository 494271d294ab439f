//! [`stdin`].
//!
//! The buffer is std's own, shared with code that knows nothing of greenpatch. A thread that reads has
//! the turn, [`StdinLock`], for as long as it likes; std's lock it holds only from `fill_buf` to
//! `consume`, between which no code in this crate touches it. How much is in the buffer is remembered, so that
//! what is there is taken in place.
#![forbid(unsafe_code)]

use std::fmt;
use std::io::{self, BufRead, IoSliceMut, Lines, Read};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::sync::PoisonError;

use crate::seam::offload;
use crate::seam::stdio as seam;
use crate::sync::{Mutex, MutexGuard};

/// How many bytes std's buffer holds, as far as is known here.
static LEFT: Mutex<usize> = Mutex::new(0);

/// What is as large as std's buffer is read past it.
const LARGE: usize = 8 << 10;

/// Returns a handle to standard input.
///
/// # Differences from std
///
/// Once patched, a green thread that finds no input waits on a helper thread, and others run. The lock
/// goes by thread, native or green.
///
/// # Examples
///
/// ```no_run
/// use greenpatch::io;
///
/// for line in io::stdin().lines() {
///     println!("{}", line?.to_uppercase());
/// }
/// # Ok::<(), std::io::Error>(())
/// ```
#[must_use]
pub fn stdin() -> Stdin {
    Stdin { std: io::stdin() }
}

/// A handle to standard input; see [`stdin`].
///
/// # Differences from std
///
/// It is not the type `std::io::Stdin`, with which it shares what has been read ahead.
pub struct Stdin {
    std: io::Stdin,
}

impl Stdin {
    /// Keeps all other threads from reading until the guard is dropped.
    ///
    /// # Differences from std
    ///
    /// A green thread that waits for it lets others run.
    #[must_use]
    pub fn lock(&self) -> StdinLock<'static> {
        StdinLock {
            std: None,
            left: LEFT.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }

    /// Appends a line to `buf`, with its end.
    ///
    /// # Errors
    ///
    /// What the system says, and that the line is not UTF-8.
    pub fn read_line(&self, buf: &mut String) -> io::Result<usize> {
        self.lock().read_line(buf)
    }

    /// The lines, without their ends.
    pub fn lines(self) -> Lines<StdinLock<'static>> {
        self.lock().lines()
    }
}

impl fmt::Debug for Stdin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stdin").finish_non_exhaustive()
    }
}

/// The right to read from standard input; see [`Stdin::lock`].
///
/// # Differences from std
///
/// It is not the type `std::io::StdinLock`.
pub struct StdinLock<'a> {
    // First, so that it is let go of first.
    std: Option<io::StdinLock<'a>>,
    left: MutexGuard<'a, usize>,
}

impl BufRead for StdinLock<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.std.is_none() {
            if *self.left == 0 {
                *self.left = offload::run(seam::input, || {
                    io::stdin().lock().fill_buf().map(<[u8]>::len)
                })?;
            }
            self.std = Some(io::stdin().lock());
        }
        let buffer = self
            .std
            .as_mut()
            .expect("it has just been taken")
            .fill_buf()?;
        *self.left = buffer.len();
        Ok(buffer)
    }

    fn consume(&mut self, amount: usize) {
        if let Some(mut std) = self.std.take() {
            std.consume(amount);
            *self.left = self.left.saturating_sub(amount);
        }
    }
}

impl Read for StdinLock<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.std = None;
        if *self.left == 0 && buf.len() >= LARGE {
            return offload::run(seam::input, || io::stdin().lock().read(buf));
        }
        let moved = self.fill_buf()?.read(buf)?;
        self.consume(moved);
        Ok(moved)
    }

    fn read_vectored(&mut self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        let moved = self.fill_buf()?.read_vectored(bufs)?;
        self.consume(moved);
        Ok(moved)
    }
}

impl Read for Stdin {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.lock().read(buf)
    }

    fn read_vectored(&mut self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        self.lock().read_vectored(bufs)
    }

    fn read_to_end(&mut self, buf: &mut Vec<u8>) -> io::Result<usize> {
        self.lock().read_to_end(buf)
    }

    fn read_to_string(&mut self, buf: &mut String) -> io::Result<usize> {
        self.lock().read_to_string(buf)
    }

    fn read_exact(&mut self, buf: &mut [u8]) -> io::Result<()> {
        self.lock().read_exact(buf)
    }
}

impl Read for &Stdin {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.lock().read(buf)
    }

    fn read_vectored(&mut self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        self.lock().read_vectored(bufs)
    }

    fn read_to_end(&mut self, buf: &mut Vec<u8>) -> io::Result<usize> {
        self.lock().read_to_end(buf)
    }

    fn read_to_string(&mut self, buf: &mut String) -> io::Result<usize> {
        self.lock().read_to_string(buf)
    }

    fn read_exact(&mut self, buf: &mut [u8]) -> io::Result<()> {
        self.lock().read_exact(buf)
    }
}

impl fmt::Debug for StdinLock<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StdinLock").finish_non_exhaustive()
    }
}

impl AsFd for Stdin {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.std.as_fd()
    }
}

impl AsRawFd for Stdin {
    fn as_raw_fd(&self) -> RawFd {
        self.std.as_raw_fd()
    }
}
