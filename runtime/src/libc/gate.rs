//! Whether a function of libc may let other green threads run.
#![forbid(unsafe_code)]

use crate::boundary;

/// Returns false if no thread of this process is green, so that a function which wakes calls libc's own at once. This is one
/// load.
#[inline(always)]
pub(super) fn are_there_hubs() -> bool {
    boundary::are_there_hubs()
}

/// Returns false if a call is to be libc's own: on an OS thread without a hub, and in greenpatch's own code. These are two loads.
/// A call for which it returns true asks [`is_open`] later, where it does not matter what that costs a native thread.
#[inline(always)]
pub(super) fn may_be_open() -> bool {
    boundary::may_be_open()
}

/// Returns true if this OS thread has a hub and runs code that is not greenpatch's. The patch points decide the rest.
#[inline(always)]
pub(super) fn is_open() -> bool {
    boundary::may_be_open() && boundary::is_open()
}
