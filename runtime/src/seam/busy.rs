//! Waiting by asking again and again.

#[cfg(not(loom))]
use std::cell::Cell;

use crate::patchable;

/// Takes note that this thread has asked for something in vain and will likely ask again. Once
/// patched, a thread that does so a few times in a row lets others run, or what it asks for could
/// never come about.
#[patchable]
#[inline]
pub(crate) fn busy() {}

/// Takes note that this thread has made work for another one without ever having to wait for it. Once
/// patched, a thread that does so very often in a row lets others run.
#[patchable]
#[inline]
pub(crate) fn produced() {}

/// Takes note that this thread is about to take a lock, which it may do again and again to look at what the
/// lock protects. Once patched, a thread that takes very many in a row lets others run now and then, or no
/// other could ever change it. To be called while the caller holds nothing yet of what it takes.
// One instruction on a word of the OS thread, and a branch: the fast path of a lock calls this.
#[inline]
pub(crate) fn acquires() {
    #[cfg(not(loom))]
    {
        let left = LEFT.get().wrapping_sub(1);
        LEFT.set(left);
        if left == 0 {
            begin_a_round();
        }
    }
}

/// How many locks are taken between two calls of [`polls`].
#[cfg(not(loom))]
const ROUND: u32 = 256;

#[cfg(not(loom))]
thread_local! {
    /// How many locks the OS thread is still to take in this round. At least one.
    static LEFT: Cell<u32> = const { Cell::new(ROUND) };
}

#[cfg(not(loom))]
#[cold]
#[inline(never)]
fn begin_a_round() {
    // First, since others may run in what follows.
    LEFT.set(ROUND);
    polls();
}

/// Takes note that this thread has taken a round of locks.
#[patchable]
pub(crate) fn polls() {}
