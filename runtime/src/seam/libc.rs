//! The waits of functions of libc that code calls without std.
//!
//! The native original says that it does not wait: then the function of libc does, natively. The reason is that it alone
//! knows how.

use super::offload::Call;
use crate::patchable;
use crate::wait::park::{Outcome, Wait};

/// Lets other green threads run. Returns false if there is none that could.
#[patchable]
pub(crate) fn sched_yield() -> bool {
    false
}

/// Blocks until a futex is woken.
#[patchable]
pub(crate) fn futex(wait: &Wait<'_>) -> Option<Outcome> {
    let _ = wait;
    None
}

/// Has a helper wait for a futex that other processes may share. Returns false if it did not.
#[patchable]
pub(crate) fn futex_elsewhere(call: Call<'_>) -> bool {
    let _ = call;
    false
}
