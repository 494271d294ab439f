//! The standard streams: reading, writing and printing.
//!
//! Their descriptors belong to other processes, too, so nothing is changed about them. What would
//! block is found out by asking, and is then done by a helper thread.
#![forbid(unsafe_code)]

use std::fmt;

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
pub(crate) fn input(call: Call<'_>) {
    call.make();
}

/// Makes a call that may write `length` bytes to that stream, and what it holds back.
#[patchable]
pub(crate) fn output(stream: Output, length: usize, call: Call<'_>) {
    let _ = (stream, length);
    call.make();
}

/// Prints, to wherever std's own macros do on this OS thread.
#[patchable]
pub(crate) fn print(stream: Output, arguments: fmt::Arguments<'_>) {
    match stream {
        Output::Stdout => ::std::print!("{arguments}"),
        Output::Stderr => ::std::eprint!("{arguments}"),
    }
}

/// Whether this thread may wait for another to let go of a stream. Not so in the panic hook, where that
/// other could not run.
#[patchable]
pub(crate) fn may_wait() -> bool {
    true
}
