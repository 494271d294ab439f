//! The cancellation of the threads of a scope.
#![forbid(unsafe_code)]

use std::num::NonZeroU64;

use crate::boundary;
use crate::seam::interrupt;
use crate::thread_state::cancelled_scopes;

/// Cancels the green threads of a scope while `f` waits for them, also those that begin meanwhile.
pub(crate) fn with_cancelled_scope(scope: NonZeroU64, f: impl FnOnce()) {
    let change = |change: fn(NonZeroU64)| {
        let _inside = boundary::enter();
        change(scope);
    };
    change(cancelled_scopes::add);
    interrupt::cancel_scope(scope);
    f();
    change(cancelled_scopes::remove);
}
