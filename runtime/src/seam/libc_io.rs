//! The waits of functions of libc that transfer, poll, sleep, and wait for processes, names and locks.
//!
//! The native original returns `None`: it does not wait. Then the function of libc does, natively.

use crate::descriptor::ready::{Ended, Waiting};
use crate::patchable;

/// Waits for events of descriptors.
#[patchable]
pub(crate) fn poll(waiting: &mut Waiting<'_>) -> Option<Ended> {
    let _ = waiting;
    None
}

/// Waits until a transfer, a connection or a new client is possible.
#[patchable]
pub(crate) fn transfer(waiting: &mut Waiting<'_>) -> Option<Ended> {
    let _ = waiting;
    None
}

/// Sleeps.
#[patchable]
pub(crate) fn sleep(waiting: &mut Waiting<'_>) -> Option<Ended> {
    let _ = waiting;
    None
}

/// Waits for a child process.
#[patchable]
pub(crate) fn child(waiting: &mut Waiting<'_>) -> Option<Ended> {
    let _ = waiting;
    None
}

/// Waits for the look-up of a name.
#[patchable]
pub(crate) fn name_lookup(waiting: &mut Waiting<'_>) -> Option<Ended> {
    let _ = waiting;
    None
}

/// Waits for a lock of a file.
#[patchable]
pub(crate) fn file_lock(waiting: &mut Waiting<'_>) -> Option<Ended> {
    let _ = waiting;
    None
}
