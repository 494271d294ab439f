//! Finding what belongs to the green thread that runs.
#![forbid(unsafe_code)]

use std::ptr::NonNull;

use crate::hub;
use crate::seam::context as seam;
use crate::seam::context::Context;

/// What a hub keeps for a green thread is its [`Context`], set by `thread::start` alone; the root of a
/// hub has none.
pub(super) fn green() -> Option<NonNull<Context>> {
    hub::current()?.context().map(NonNull::cast)
}
