//! [`stdout`].
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

/// Returns a handle to standard output.
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
/// let mut stdout = io::stdout().lock();
/// writeln!(stdout, "no other thread writes")?;
/// writeln!(stdout, "between these lines")?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[must_use]
pub fn stdout() -> Stdout {
    Stdout { std: io::stdout() }
}

/// A handle to standard output; see [`stdout`].
///
/// # Differences from std
///
/// It is not the type `std::io::Stdout`, with which it shares what is not yet written.
pub struct Stdout {
    std: io::Stdout,
}

impl Stdout {
    /// Keeps all other threads from writing until the guard is dropped.
    ///
    /// # Differences from std
    ///
    /// A green thread that waits for it lets others run.
    #[must_use]
    pub fn lock(&self) -> StdoutLock<'static> {
        StdoutLock {
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

impl UnwindSafe for Stdout {}
impl RefUnwindSafe for Stdout {}

impl fmt::Debug for Stdout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stdout").finish_non_exhaustive()
    }
}

/// The right to write to standard output; see [`Stdout::lock`].
///
/// # Differences from std
///
/// It is not the type `std::io::StdoutLock`, and does not keep out code that writes through std's own handle:
/// that may come between two pieces of one `write!`. Like std's it stays on its thread:
///
/// ```compile_fail,E0277
/// fn send<T: Send>(_: T) {}
/// send(greenpatch::io::stdout().lock());
/// ```
pub struct StdoutLock<'a> {
    _held: Held,
    stream: PhantomData<&'a Stdout>,
}

impl Write for StdoutLock<'_> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        call(buf.len(), || io::stdout().write(buf))
    }

    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        let length = bufs.iter().map(|buf| buf.len()).sum();
        call(length, || io::stdout().write_vectored(bufs))
    }

    fn write_all(&mut self, buf: &[u8]) -> io::Result<()> {
        call(buf.len(), || io::stdout().write_all(buf))
    }

    fn flush(&mut self) -> io::Result<()> {
        call(0, || io::stdout().flush())
    }
}

/// Makes a call that may write so many bytes, where this thread is to make it.
fn call<R: Send>(length: usize, f: impl FnOnce() -> io::Result<R> + Send) -> io::Result<R> {
    offload::run(|call| seam::output(Output::Stdout, length, call), f)
}

impl Write for Stdout {
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

impl Write for &Stdout {
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

impl UnwindSafe for StdoutLock<'_> {}
impl RefUnwindSafe for StdoutLock<'_> {}

impl fmt::Debug for StdoutLock<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StdoutLock").finish_non_exhaustive()
    }
}

impl AsFd for Stdout {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.std.as_fd()
    }
}

impl AsRawFd for Stdout {
    fn as_raw_fd(&self) -> RawFd {
        self.std.as_raw_fd()
    }
}

impl From<Stdout> for Stdio {
    /// Has a child process write there, too.
    fn from(ours: Stdout) -> Stdio {
        ours.std.into()
    }
}
