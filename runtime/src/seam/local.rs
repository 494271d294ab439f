//! The `thread_local!` values of the current thread.
#![allow(unsafe_code)]

use std::ptr::NonNull;

use crate::patchable;
use crate::thread_state::locals::Locals;

/// Returns the values of the current green thread; none on an OS thread's own stack. They stay valid until it has ended.
#[patchable]
#[inline]
pub(crate) fn green() -> Option<NonNull<Locals>> {
    None
}

/// Returns whether green threads run on this OS thread, so that its own values may be in use on several stacks.
#[patchable]
pub(crate) fn is_shared() -> bool {
    false
}

/// Calls `found` with the values of the current green thread, or `native` on an OS thread's own stack.
#[inline]
pub(crate) fn with<A, R>(
    argument: A,
    found: impl FnOnce(&Locals, A) -> R,
    native: impl FnOnce(A) -> R,
) -> R {
    match green() {
        None => native(argument),
        // SAFETY: they belong to the green thread that runs this code, which does not end before `found` returns.
        Some(locals) => found(unsafe { locals.as_ref() }, argument),
    }
}
