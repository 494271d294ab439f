//! [`stdin`].
//!
//! The buffer is std's, shared with code that uses std's `stdin`. A thread that reads holds greenpatch's lock, a
//! [`StdinLock`]. It holds std's lock only between `fill_buf` and `consume`, while no other code in this crate accesses
//! the buffer. The number of buffered bytes is kept in `BUFFERED`, so that they are read in place.
#![forbid(unsafe_code)]

use std::fmt;
use std::io::{self, BufRead, IoSliceMut, Lines, Read};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::sync::PoisonError;

use crate::seam::offload;
use crate::seam::stdio as seam;
use crate::sync::{Mutex, MutexGuard};

/// The number of bytes in std's buffer, as far as this crate has seen. Its lock is the lock of standard input.
static BUFFERED: Mutex<usize> = Mutex::new(0);

/// The size of std's buffer. A read of at least this size bypasses it.
const LARGE: usize = 8 << 10;

/// Returns a handle to standard input.
///
/// # Differences from std
///
/// The lock is owned by a thread, native or green. Once patched, a green thread that finds no input waits on a helper
/// thread, and others run.
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
/// It is not the type `std::io::Stdin`, with which it shares the buffer.
pub struct Stdin {
    std: io::Stdin,
}

impl Stdin {
    /// Locks the stream: no other thread reads until the guard is dropped.
    ///
    /// # Differences from std
    ///
    /// A green thread that waits for the lock lets others run.
    #[must_use]
    pub fn lock(&self) -> StdinLock<'static> {
        StdinLock {
            std: None,
            buffered: BUFFERED.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }

    /// Reads a line, including its newline, and appends it to `buf`.
    ///
    /// # Errors
    ///
    /// Returns the error of the system, or `InvalidData` if the line is not UTF-8.
    pub fn read_line(&self, buf: &mut String) -> io::Result<usize> {
        self.lock().read_line(buf)
    }

    /// Returns an iterator over the lines, without their newlines.
    pub fn lines(self) -> Lines<StdinLock<'static>> {
        self.lock().lines()
    }
}

impl fmt::Debug for Stdin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stdin").finish_non_exhaustive()
    }
}

/// A locked handle to standard input; see [`Stdin::lock`].
///
/// # Differences from std
///
/// It is not the type `std::io::StdinLock`.
pub struct StdinLock<'a> {
    // First, so that it is released first.
    std: Option<io::StdinLock<'a>>,
    buffered: MutexGuard<'a, usize>,
}

impl BufRead for StdinLock<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.std.is_none() {
            if *self.buffered == 0 {
                *self.buffered = offload::run(seam::input, || {
                    io::stdin().lock().fill_buf().map(<[u8]>::len)
                })?;
            }
            self.std = Some(io::stdin().lock());
        }
        let buffer = self
            .std
            .as_mut()
            .expect("the lock was just acquired")
            .fill_buf()?;
        *self.buffered = buffer.len();
        Ok(buffer)
    }

    fn consume(&mut self, amount: usize) {
        if let Some(mut std) = self.std.take() {
            std.consume(amount);
            *self.buffered = self.buffered.saturating_sub(amount);
        }
    }
}

impl Read for StdinLock<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.std = None;
        if *self.buffered == 0 && buf.len() >= LARGE {
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
