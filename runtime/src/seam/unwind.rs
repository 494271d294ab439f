//! Whether this thread, native or green, unwinds. std counts panics by OS thread.

use std::panic::{self, PanicHookInfo};

use crate::patchable;

/// A panic hook.
pub(crate) type Hook = Box<dyn Fn(&PanicHookInfo<'_>) + Sync + Send + 'static>;

/// Whether this thread unwinds.
#[inline]
pub(crate) fn is_panicking() -> bool {
    // If nothing unwinds on this OS thread, no green thread of it does. This is std's fast path.
    std::thread::panicking() && panicking()
}

/// Whether this thread is the one that unwinds, where its OS thread has something that does.
#[patchable]
pub(crate) fn panicking() -> bool {
    true
}

/// Takes note that this thread has begun to unwind without the panic hook's knowledge.
#[patchable]
pub(crate) fn panicked() {}

/// Takes note that this thread has caught a panic.
#[patchable]
pub(crate) fn caught() {}

/// Makes `hook` the one that is called when any thread panics.
#[patchable]
pub(crate) fn set_hook(hook: Hook) {
    panic::set_hook(hook);
}

/// Takes the hook out and leaves the default one.
#[patchable]
pub(crate) fn take_hook() -> Hook {
    panic::take_hook()
}
