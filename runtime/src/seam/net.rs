//! Sockets: connecting, accepting, sending and receiving.
#![forbid(unsafe_code)]

use std::io;

use crate::boundary;
use crate::descriptor;
use crate::descriptor::operation::Operation;
use crate::patchable;

/// Performs an operation on a socket.
#[patchable]
pub(crate) fn perform(operation: &mut Operation<'_>) -> io::Result<usize> {
    let _inside = boundary::enter();
    descriptor::perform::perform(operation)
}
