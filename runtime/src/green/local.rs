//! Finding the thread-local values of the green thread that runs.
#![allow(unsafe_code)]

use std::ptr::NonNull;

use crate::hub;
use crate::seam::context::Context;
use crate::seam::local::Locals;

pub(super) fn green() -> Option<NonNull<Locals>> {
    let context: NonNull<Context> = hub::current()?.context()?.cast();
    // SAFETY: what a hub keeps is a `Context`, which lives until its green thread, the one that
    // runs this, has ended.
    Some(NonNull::from(&unsafe { context.as_ref() }.locals))
}

pub(super) fn is_shared() -> bool {
    hub::current().is_some()
}
