//! The standard streams: reading, writing and printing.
//!
//! Their descriptors are shared with other processes, so their mode does not change. Once patched, a helper thread makes a
//! call that would block, as reported by `poll`.
#![forbid(unsafe_code)]

use std::cell::Cell;
use std::{fmt, io};

use super::offload::Call;
use crate::boundary;
use crate::patchable;

/// An output stream.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Output {
    Stdout,
    Stderr,
}

/// Makes a call that may read from standard input.
#[patchable]
pub(crate) fn input(call: Call<'_>) -> io::Result<()> {
    let _inside = boundary::enter();
    call.make();
    Ok(())
}

/// Makes a call that may write `length` bytes to the stream, and the bytes that it buffers.
#[patchable]
pub(crate) fn output(stream: Output, length: usize, call: Call<'_>) -> io::Result<()> {
    let _ = (stream, length);
    let _inside = boundary::enter();
    call.make();
    Ok(())
}

/// Prints to the current target of std's macros on this OS thread.
#[patchable]
pub(crate) fn print(stream: Output, arguments: fmt::Arguments<'_>) {
    match stream {
        Output::Stdout => ::std::print!("{arguments}"),
        Output::Stderr => ::std::eprint!("{arguments}"),
    }
}

/// Prints one piece of a text by one call of std's macro, to its current target on this OS thread. Returns the error with
/// which the macro would have panicked.
pub(crate) fn print_piece(stream: Output, text: &str) -> io::Result<()> {
    let piece = Piece {
        text,
        error: Cell::new(None),
    };
    // std's lock of the stream does not exclude other green threads of this OS thread.
    let _inside = boundary::enter();
    match stream {
        Output::Stdout => ::std::print!("{piece}"),
        Output::Stderr => ::std::eprint!("{piece}"),
    }
    piece.error.take().map_or(Ok(()), Err)
}

/// The argument of std's macro. Stores an error instead of reporting it.
struct Piece<'a> {
    text: &'a str,
    error: Cell<Option<io::Error>>,
}

impl fmt::Display for Piece<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if f.write_str(self.text).is_err() {
            // std's macro does not return the error. It is that of a failed write, and no system call has been made since.
            self.error.set(Some(io::Error::last_os_error()));
        }
        Ok(())
    }
}

/// Returns whether this thread may wait for another thread to unlock a stream. It may not in the panic hook, during which
/// the other thread could not run.
#[patchable]
pub(crate) fn may_wait() -> bool {
    true
}
