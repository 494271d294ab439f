// Layer: facade, std-shaped.
// Called by: users.
// Calls: `seam`.
// Never: names a hub.

//! Hints to the processor and the scheduler, with the API of [`std::hint`].

#[doc(no_inline)]
pub use ::std::hint::*;

use crate::seam::busy::busy;

/// Signals to the processor that the program is in a busy-wait loop.
///
/// # Differences from std
///
/// Once patched, a thread that calls this a few times in a row yields to other green threads, since it may be waiting for
/// one of them.
///
/// # Examples
///
/// ```
/// use std::sync::atomic::{AtomicBool, Ordering};
/// use greenpatch::{hint, thread};
///
/// static READY: AtomicBool = AtomicBool::new(false);
/// thread::spawn(|| READY.store(true, Ordering::Release));
/// while !READY.load(Ordering::Acquire) {
///     hint::spin_loop();
/// }
/// ```
#[inline]
pub fn spin_loop() {
    std::hint::spin_loop();
    busy();
}
