//! Sockets: connecting, accepting, sending and receiving.
#![forbid(unsafe_code)]

use std::io;

use super::io::perform_or;
use crate::descriptor::operation::Operation;
use crate::seam::net as seam;

pub(super) fn perform(operation: &mut Operation<'_>) -> io::Result<usize> {
    perform_or(operation, seam::perform__original)
}
