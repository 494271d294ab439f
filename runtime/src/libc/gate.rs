//! Whether a function of libc may let other green threads run.
#![forbid(unsafe_code)]

use crate::boundary;

/// Returns true if this OS thread has a hub and runs code that is not greenpatch's. This is one load. The patch points
/// decide the rest.
#[inline(always)]
pub(super) fn is_open() -> bool {
    boundary::is_open()
}
