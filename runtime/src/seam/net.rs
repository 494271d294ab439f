//! Sockets: connecting, accepting, sending and receiving.
#![forbid(unsafe_code)]

use std::io;

use super::io::{self as seam_io, Operation};
use crate::patchable;

/// Performs an operation on a socket.
#[patchable]
pub(crate) fn perform(operation: &mut Operation<'_>) -> io::Result<usize> {
    seam_io::perform(operation)
}
