//! [`IsTerminal`], and the descriptors of the locks of streams.
#![forbid(unsafe_code)]

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};

use super::{Stderr, StderrLock, Stdin, StdinLock, Stdout, StdoutLock};
use crate::fs::File;

/// Says whether something is a terminal.
///
/// # Differences from std
///
/// std's trait can be implemented by std alone, so this is another. It is implemented for std's types,
/// too.
///
/// # Examples
///
/// ```
/// use greenpatch::io::{self, IsTerminal};
///
/// let colours = io::stdout().is_terminal();
/// # let _ = colours;
/// ```
pub trait IsTerminal: sealed::Sealed {
    /// Whether it is a terminal.
    fn is_terminal(&self) -> bool;
}

/// `IsTerminal` for what has a descriptor.
macro_rules! may_be_a_terminal {
    ($($type:ty),+ $(,)?) => {
        $(
            impl sealed::Sealed for $type {}

            impl IsTerminal for $type {
                fn is_terminal(&self) -> bool {
                    io::IsTerminal::is_terminal(&self.as_fd())
                }
            }
        )+
    };
}

may_be_a_terminal!(
    File,
    Stdin,
    StdinLock<'_>,
    Stdout,
    StdoutLock<'_>,
    Stderr,
    StderrLock<'_>,
    OwnedFd,
    std::fs::File,
    io::Stdin,
    io::StdinLock<'_>,
    io::Stdout,
    io::StdoutLock<'_>,
    io::Stderr,
    io::StderrLock<'_>,
);

impl sealed::Sealed for BorrowedFd<'_> {}

impl IsTerminal for BorrowedFd<'_> {
    fn is_terminal(&self) -> bool {
        io::IsTerminal::is_terminal(self)
    }
}

mod sealed {
    /// Implemented for what std's trait is implemented for, and for what is like it.
    pub trait Sealed {}
}

/// The descriptor of the stream that a lock is of.
macro_rules! is_of_a_stream {
    ($($lock:ident: $descriptor:expr),+ $(,)?) => {
        $(
            impl AsFd for $lock<'_> {
                fn as_fd(&self) -> BorrowedFd<'_> {
                    $descriptor
                }
            }

            impl AsRawFd for $lock<'_> {
                fn as_raw_fd(&self) -> RawFd {
                    self.as_fd().as_raw_fd()
                }
            }
        )+
    };
}

is_of_a_stream!(
    StdinLock: STREAMS.0.as_fd(),
    StdoutLock: STREAMS.1.as_fd(),
    StderrLock: STREAMS.2.as_fd(),
);

/// std's streams, which stay where they are.
static STREAMS: std::sync::LazyLock<(io::Stdin, io::Stdout, io::Stderr)> =
    std::sync::LazyLock::new(|| (io::stdin(), io::stdout(), io::stderr()));
