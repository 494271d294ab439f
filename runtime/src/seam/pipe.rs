//! Transfers on streams that are read and written with `read` and `write`: pipes, terminals and devices.
#![forbid(unsafe_code)]

use std::io;

use crate::boundary;
use crate::descriptor;
use crate::descriptor::operation::Operation;
use crate::patchable;

/// Performs an operation on a stream other than a socket.
#[patchable]
pub(crate) fn perform(operation: &mut Operation<'_>) -> io::Result<usize> {
    let _inside = boundary::enter();
    descriptor::perform::perform(operation)
}
