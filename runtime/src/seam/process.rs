//! Child processes: waiting for one to end, and for one of its two outputs to be readable.
#![forbid(unsafe_code)]

use std::io;
use std::os::fd::BorrowedFd;
use std::process::{Child, ExitStatus};

use crate::boundary;
use crate::descriptor::poll;
use crate::patchable;

/// Waits for a child process to end.
#[patchable]
pub(crate) fn wait(child: &mut Child) -> io::Result<ExitStatus> {
    let _inside = boundary::enter();
    child.wait()
}

/// Blocks until one of two descriptors can be read or is at its end. Returns for each whether it is.
#[patchable]
pub(crate) fn wait_either(either: [BorrowedFd<'_>; 2]) -> io::Result<[bool; 2]> {
    let _inside = boundary::enter();
    poll::readable(either, true)
}
