//! The standard streams: reading, writing and printing.
//!
//! Their descriptors belong to other processes, too, so nothing is changed about them. What would
//! block is found out by asking, and is then done by a helper thread.
#![forbid(unsafe_code)]

use std::cell::Cell;
use std::{fmt, io};

use super::offload::Call;
use crate::patchable;

/// A stream that is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Output {
    Stdout,
    Stderr,
}

/// Makes a call that may read from standard input.
#[patchable]
pub(crate) fn input(call: Call<'_>) -> io::Result<()> {
    call.make();
    Ok(())
}

/// Makes a call that may write `length` bytes to that stream, and what it holds back.
#[patchable]
pub(crate) fn output(stream: Output, length: usize, call: Call<'_>) -> io::Result<()> {
    let _ = (stream, length);
    call.make();
    Ok(())
}

/// Prints, to wherever std's own macros do on this OS thread.
#[patchable]
pub(crate) fn print(stream: Output, arguments: fmt::Arguments<'_>) {
    match stream {
        Output::Stdout => ::std::print!("{arguments}"),
        Output::Stderr => ::std::eprint!("{arguments}"),
    }
}

/// Prints one piece of a text with one call of std's macro, to wherever that prints on this OS thread,
/// and returns the error that the macro would have panicked for.
pub(crate) fn print_piece(stream: Output, text: &str) -> io::Result<()> {
    let piece = Piece {
        text,
        error: Cell::new(None),
    };
    match stream {
        Output::Stdout => ::std::print!("{piece}"),
        Output::Stderr => ::std::eprint!("{piece}"),
    }
    piece.error.take().map_or(Ok(()), Err)
}

/// What std's macro is given: it takes note of an error, and claims that there was none.
struct Piece<'a> {
    text: &'a str,
    error: Cell<Option<io::Error>>,
}

impl fmt::Display for Piece<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if f.write_str(self.text).is_err() {
            // The macro keeps the error itself. It came from a write that the OS refused, and
            // nothing has called the OS since.
            self.error.set(Some(io::Error::last_os_error()));
        }
        Ok(())
    }
}

/// Whether this thread may wait for another to let go of a stream. Not so in the panic hook, where that
/// other could not run.
#[patchable]
pub(crate) fn may_wait() -> bool {
    true
}
