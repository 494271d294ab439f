//! [`stderr`].
#![forbid(unsafe_code)]

use std::fmt;
use std::io::{self, IoSlice, Write};
use std::marker::PhantomData;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::process::Stdio;

use super::turn::{Held, Turn};
use crate::seam::offload;
use crate::seam::stdio::{self as seam, Output};

static TURN: Turn = Turn::new();

/// Returns a handle to standard error.
///
/// # Differences from std
///
/// The lock goes by thread, native or green. Once patched, a green thread that writes more than the
/// stream takes waits on a helper thread, and others run.
///
/// # Examples
///
/// ```
/// use std::io::Write;
/// use greenpatch::io;
///
/// let mut stderr = io::stderr().lock();
/// writeln!(stderr, "no other thread writes")?;
/// writeln!(stderr, "between these lines")?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[must_use]
pub fn stderr() -> Stderr {
    Stderr { std: io::stderr() }
}

/// A handle to standard error; see [`stderr`].
///
/// # Differences from std
///
/// It is not the type `std::io::Stderr`.
pub struct Stderr {
    std: io::Stderr,
}

impl Stderr {
    /// Keeps all other threads from writing until the guard is dropped.
    ///
    /// # Differences from std
    ///
    /// A green thread that waits for it lets others run.
    #[must_use]
    pub fn lock(&self) -> StderrLock<'static> {
        StderrLock {
            _held: TURN.take(),
            stream: PhantomData,
        }
    }
}

/// Keeps all other threads from writing, for a macro that prints; unless this one may not wait for them.
pub(super) fn turn_to_print() -> Option<Held> {
    if seam::may_wait() {
        Some(TURN.take())
    } else {
        TURN.try_take()
    }
}

impl UnwindSafe for Stderr {}
impl RefUnwindSafe for Stderr {}

impl fmt::Debug for Stderr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stderr").finish_non_exhaustive()
    }
}

/// The right to write to standard error; see [`Stderr::lock`].
///
/// # Differences from std
///
/// It is not the type `std::io::StderrLock`, and does not keep out code that writes through std's own handle:
/// that may come between two pieces of one `write!`. Like std's it stays on its thread:
///
/// ```compile_fail,E0277
/// fn send<T: Send>(_: T) {}
/// send(greenpatch::io::stderr().lock());
/// ```
pub struct StderrLock<'a> {
    _held: Held,
    stream: PhantomData<&'a Stderr>,
}

impl Write for StderrLock<'_> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        call(buf.len(), || io::stderr().write(buf))
    }

    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        let length = bufs.iter().map(|buf| buf.len()).sum();
        call(length, || io::stderr().write_vectored(bufs))
    }

    fn write_all(&mut self, buf: &[u8]) -> io::Result<()> {
        call(buf.len(), || io::stderr().write_all(buf))
    }

    fn flush(&mut self) -> io::Result<()> {
        call(0, || io::stderr().flush())
    }
}

/// Makes a call that may write so many bytes, where this thread is to make it.
fn call<R: Send>(length: usize, f: impl FnOnce() -> io::Result<R> + Send) -> io::Result<R> {
    offload::run(|call| seam::output(Output::Stderr, length, call), f)
}

impl Write for Stderr {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.lock().write(buf)
    }

    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        self.lock().write_vectored(bufs)
    }

    fn write_all(&mut self, buf: &[u8]) -> io::Result<()> {
        self.lock().write_all(buf)
    }

    fn write_fmt(&mut self, arguments: fmt::Arguments<'_>) -> io::Result<()> {
        self.lock().write_fmt(arguments)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.lock().flush()
    }
}

impl Write for &Stderr {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.lock().write(buf)
    }

    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        self.lock().write_vectored(bufs)
    }

    fn write_all(&mut self, buf: &[u8]) -> io::Result<()> {
        self.lock().write_all(buf)
    }

    fn write_fmt(&mut self, arguments: fmt::Arguments<'_>) -> io::Result<()> {
        self.lock().write_fmt(arguments)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.lock().flush()
    }
}

impl UnwindSafe for StderrLock<'_> {}
impl RefUnwindSafe for StderrLock<'_> {}

impl fmt::Debug for StderrLock<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StderrLock").finish_non_exhaustive()
    }
}

impl AsFd for Stderr {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.std.as_fd()
    }
}

impl AsRawFd for Stderr {
    fn as_raw_fd(&self) -> RawFd {
        self.std.as_raw_fd()
    }
}

impl From<Stderr> for Stdio {
    /// Has a child process write there, too.
    fn from(ours: Stderr) -> Stdio {
        ours.std.into()
    }
}
