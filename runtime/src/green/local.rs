//! Access to the thread-local values of the current green thread.
#![allow(unsafe_code)]

use std::ptr::NonNull;

use crate::hub;
use crate::seam::context::Context;
use crate::thread_state::locals::Locals;

pub(super) fn green() -> Option<NonNull<Locals>> {
    let context: NonNull<Context> = hub::current()?.user_data()?.cast();
    // SAFETY: the pointer that a hub stores is to a `Context`, which is alive until its green thread, the one that runs
    // this code, has ended.
    Some(NonNull::from(&unsafe { context.as_ref() }.locals))
}

pub(super) fn is_shared() -> bool {
    hub::current().is_some()
}
