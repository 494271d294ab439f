//! Busy waiting: threads that poll instead of blocking.

#[cfg(not(loom))]
use std::cell::Cell;

use crate::patchable;

/// Notes that the current thread has polled without success and is likely to poll again. Once patched, a thread that does
/// so a few times in a row yields: otherwise the condition might never become true.
#[patchable]
#[inline]
pub(crate) fn busy() {}

/// Notes that the current thread has produced work for another thread without having to wait. Once patched, a thread that
/// does so very often in a row yields.
#[patchable]
#[inline]
pub(crate) fn produced() {}

/// Notes that the current thread is about to acquire a lock, which may be a way to poll the data that the lock protects.
/// Once patched, a thread that acquires very many in a row yields now and then: otherwise no other thread could change
/// the data. To be called before the lock is held.
// One instruction on a word of the OS thread, and a branch: the fast path of a lock calls this.
#[inline]
pub(crate) fn acquires() {
    #[cfg(not(loom))]
    {
        // The thread-local is looked up once: the compiler does not always merge two look-ups.
        let left = LEFT.with(|left| {
            left.update(|left| left.wrapping_sub(1));
            left.get()
        });
        if left == 0 {
            begin_a_round();
        }
    }
}

/// The number of locks acquired between two calls of [`polls`].
#[cfg(not(loom))]
const ROUND: u32 = 256;

#[cfg(not(loom))]
thread_local! {
    /// The number of locks that remain in this round of the OS thread. At least one.
    static LEFT: Cell<u32> = const { Cell::new(ROUND) };
}

#[cfg(not(loom))]
#[cold]
#[inline(never)]
fn begin_a_round() {
    // First: other green threads may run below.
    LEFT.set(ROUND);
    polls();
}

/// Notes that the current thread has acquired a round of locks.
#[patchable]
pub(crate) fn polls() {}
