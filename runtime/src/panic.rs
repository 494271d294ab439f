// Layer: facade, std-shaped.
// Called by: users.
// Calls: `interruption`, `seam`.
// Never: names a hub.

//! Panics, counted by thread, native or green, with the API of [`std::panic`](mod@std::panic).
//!
//! std counts panics by OS thread. These functions do the same as std's, and also count for each green thread:
//! [`thread::panicking`](crate::thread::panicking) and the poisoning of locks use that count when several green threads
//! of one OS thread unwind at the same time.
//!
//! No green thread yields while a panic hook runs, however the hook was set. A hook that was set through std itself after
//! the first spawn bypasses the count: if several green threads unwind at the same time under it, `panicking` is false for
//! all but the first, and the locks that they hold are not poisoned.

use std::any::Any;

#[doc(no_inline)]
pub use ::std::panic::*;

use crate::interruption;
use crate::seam::unwind as seam;

/// Calls `f` and catches a panic that unwinds out of it.
///
/// # Errors
///
/// The payload of the panic.
///
/// # Examples
///
/// ```
/// let caught = greenpatch::panic::catch_unwind(|| greenpatch::panic::resume_unwind(Box::new(1_u8)));
/// assert_eq!(*caught.unwrap_err().downcast::<u8>().unwrap(), 1);
/// ```
pub fn catch_unwind<F, R>(f: F) -> std::thread::Result<R>
where
    F: FnOnce() -> R + UnwindSafe,
{
    let result = std::panic::catch_unwind(f);
    if result.is_err() {
        interruption::caught();
    }
    result
}

/// Panics with `payload`, without calling the panic hook.
///
/// # Panics
///
/// Always panics.
pub fn resume_unwind(payload: Box<dyn Any + Send>) -> ! {
    interruption::resume(payload)
}

/// Sets the panic hook, which is called when any thread, native or green, panics.
///
/// # Differences from std
///
/// Once patched, no green thread yields to another while the hook runs. A call that blocks in the hook blocks the OS
/// thread, and forever if only a green thread of the same OS thread could end the wait. A hook should use `try_lock` for
/// a lock that another green thread may hold. A thread that the hook spawns runs on another OS thread, so the hook can
/// wait for it.
///
/// # Panics
///
/// Panics if the current thread unwinds, or another green thread of its OS thread does.
pub fn set_hook(hook: Box<dyn Fn(&PanicHookInfo<'_>) + Sync + Send + 'static>) {
    seam::set_hook(hook);
}

/// Removes the panic hook and returns it. The default hook applies from then on.
///
/// # Differences from std
///
/// Once patched, the default hook reports green threads by their names.
///
/// # Panics
///
/// Panics if the current thread unwinds, or another green thread of its OS thread does.
#[must_use]
pub fn take_hook() -> Box<dyn Fn(&PanicHookInfo<'_>) + Sync + Send + 'static> {
    seam::take_hook()
}
