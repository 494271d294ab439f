//! Child processes: waiting for one to end, and for one of its two outputs to have something.
#![forbid(unsafe_code)]

use std::io;
use std::os::fd::BorrowedFd;
use std::process::{Child, ExitStatus};

use crate::descriptor::poll;
use crate::patchable;

/// Waits for a child process to end.
#[patchable]
pub(crate) fn wait(child: &mut Child) -> io::Result<ExitStatus> {
    child.wait()
}

/// Waits until one of two descriptors can be read, or has come to its end; says for each whether it
/// has.
#[patchable]
pub(crate) fn wait_either(either: [BorrowedFd<'_>; 2]) -> io::Result<[bool; 2]> {
    poll::readable(either, true)
}
