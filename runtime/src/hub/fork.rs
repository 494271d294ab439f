//! What a fork does to the hub of the OS thread that called it.
//!
//! Only the thread that called fork lives in the child, as the OS has it for its threads. So the hub that it ran on is
//! given up there with all its tasks, and never runs again; a wake-up of one of them changes the old hub's queue and
//! does nothing else. The thread goes on as the root of a new hub, made when it first waits or spawns (`switching`).
//! Until then nothing is done beyond setting a mark: code between fork and exec may do little.
#![allow(unsafe_code)]

use std::sync::Once;

use super::current;
use crate::reactor;
#[cfg(greenpatch_libc)]
use crate::wait::sleepers;

/// Registers the handler that runs in every child made from now on.
pub(super) fn notice_forks() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // SAFETY: the handler may be called in a child: it changes an atomic, thread-locals without destructors, and a
        // cell of the hub of the OS thread that it runs on; it neither allocates nor locks. An error means that there
        // is no memory for it; then the handler does not run.
        unsafe { libc::pthread_atfork(None, None, Some(forked)) };
    });
}

unsafe extern "C" fn forked() {
    reactor::forked();
    #[cfg(greenpatch_libc)]
    sleepers::forget_all();
    if let Some(hub) = current::current() {
        // In case the task ends without ever having waited.
        hub.core().root.set(hub.core().running.get());
        current::mark_stale();
    }
}
