//! Pipes: reading and writing.
#![forbid(unsafe_code)]

use std::io;

use super::io::perform_or;
use crate::descriptor::operation::Operation;
use crate::seam::pipe as seam;

pub(super) fn perform(operation: &mut Operation<'_>) -> io::Result<usize> {
    perform_or(operation, seam::perform__original)
}
