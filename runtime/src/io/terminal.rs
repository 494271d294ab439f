//! [`IsTerminal`], and the descriptors of locked streams.
#![forbid(unsafe_code)]

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};

use super::{Stderr, StderrLock, Stdin, StdinLock, Stdout, StdoutLock};
use crate::fs::File;

/// Tells whether a descriptor refers to a terminal.
///
/// # Differences from std
///
/// It is not std's trait, which is sealed. It is implemented for std's types, too.
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
    /// Returns whether the descriptor refers to a terminal.
    fn is_terminal(&self) -> bool;
}

/// Implements `IsTerminal` for types that have a descriptor.
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
    /// Implemented for the types that have std's trait, and for their counterparts.
    pub trait Sealed {}
}

/// Implements the descriptor traits of a locked stream.
macro_rules! locked_stream {
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

locked_stream!(
    StdinLock: STREAMS.0.as_fd(),
    StdoutLock: STREAMS.1.as_fd(),
    StderrLock: STREAMS.2.as_fd(),
);

/// std's handles, from which the descriptors of locked streams are borrowed.
static STREAMS: std::sync::LazyLock<(io::Stdin, io::Stdout, io::Stderr)> =
    std::sync::LazyLock::new(|| (io::stdin(), io::stdout(), io::stderr()));
