//! Whether this thread, native or green, unwinds. std counts panics by OS thread.

use crate::patchable;

/// Whether this thread unwinds.
#[inline]
pub(crate) fn is_panicking() -> bool {
    // If nothing unwinds on this OS thread, no green thread of it does. This is std's fast path.
    std::thread::panicking() && panicking()
}

/// Whether this thread is the one that unwinds, where its OS thread has something that does.
#[patchable]
fn panicking() -> bool {
    true
}

/// Takes note that this thread has begun to unwind without the panic hook's knowledge.
#[patchable]
pub(crate) fn panicked() {}

/// Takes note that this thread has caught a panic.
#[patchable]
pub(crate) fn caught() {}
