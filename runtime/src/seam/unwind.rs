//! Whether the current thread, native or green, is unwinding. std counts panics by OS thread.

use std::panic::{self, PanicHookInfo};

use crate::patchable;

/// A panic hook.
pub(crate) type Hook = Box<dyn Fn(&PanicHookInfo<'_>) + Sync + Send + 'static>;

/// Returns whether the current thread is unwinding.
#[inline]
pub(crate) fn is_panicking() -> bool {
    // If std counts no panic on this OS thread, none of its green threads is unwinding. This is std's fast path.
    std::thread::panicking() && panicking()
}

/// Returns whether the current thread is the one that is unwinding, given that its OS thread counts a panic.
#[patchable]
pub(crate) fn panicking() -> bool {
    true
}

/// Notes that the current thread has begun to unwind without a call of the panic hook.
#[patchable]
pub(crate) fn panicked() {}

/// Notes that the current thread has caught a panic.
#[patchable]
pub(crate) fn caught() {}

/// Sets the panic hook.
#[patchable]
pub(crate) fn set_hook(hook: Hook) {
    panic::set_hook(hook);
}

/// Takes the panic hook and restores the default one.
#[patchable]
pub(crate) fn take_hook() -> Hook {
    panic::take_hook()
}
