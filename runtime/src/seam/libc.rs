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

/// Blocks until a mutex of pthreads is unlocked.
#[patchable]
pub(crate) fn mutex(wait: &Wait<'_>) -> Option<Outcome> {
    let _ = wait;
    None
}

/// Blocks until a condition variable of pthreads is signalled.
#[patchable]
pub(crate) fn condition(wait: &Wait<'_>) -> Option<Outcome> {
    let _ = wait;
    None
}

/// Blocks until a read-write lock of pthreads is unlocked.
#[patchable]
pub(crate) fn rwlock(wait: &Wait<'_>) -> Option<Outcome> {
    let _ = wait;
    None
}

/// Blocks until the count of a semaphore is not zero.
#[patchable]
pub(crate) fn semaphore(wait: &Wait<'_>) -> Option<Outcome> {
    let _ = wait;
    None
}

/// Blocks until another thread has completed an initialization.
#[patchable]
pub(crate) fn pthread_once(wait: &Wait<'_>) -> Option<Outcome> {
    let _ = wait;
    None
}

/// Has a helper wait for the end of an OS thread. Returns false if it did not.
#[patchable]
pub(crate) fn pthread_join(call: Call<'_>) -> bool {
    let _ = call;
    false
}

/// Has a helper wait for the other threads of a barrier. Returns false if it did not.
#[patchable]
pub(crate) fn pthread_barrier(call: Call<'_>) -> bool {
    let _ = call;
    false
}
