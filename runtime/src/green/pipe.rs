//! Pipes: reading and writing.
#![forbid(unsafe_code)]

use std::io;

use super::io as green_io;
use crate::descriptor::operation::Operation;
use crate::hub;
use crate::seam::pipe as seam;

pub(super) fn perform(operation: &mut Operation<'_>) -> io::Result<usize> {
    match hub::switching() {
        Some(hub) => green_io::perform(hub, operation),
        None => seam::perform__original(operation),
    }
}
