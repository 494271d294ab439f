// Layer: facade, std-shaped.
// Called by: users, `bridge`, `cancellation` and `prelude`.
// Calls: `interruption`, `seam`, `wait`, `thread_state`, `patch`.
// Never: names a hub, or depends on the kind of a thread.

//! Native threads, or green threads once patched, with the API of [`std::thread`].
//!
//! Items that are not listed here are re-exported from std. Every item behaves as std's, unless a section *Differences
//! from std* says otherwise.

#[doc(no_inline)]
pub use ::std::thread::*;

mod access_error;
mod builder;
pub(crate) mod builder_ext;
mod handle;
mod join_handle;
#[cfg(feature = "tracing")]
mod life;
mod local_key;
mod native_local;
mod packet;
mod park;
mod scope_data;
mod scoped;
mod sleep;
mod spawn;

pub use access_error::AccessError;
pub use builder::Builder;
pub use handle::{Thread, ThreadId, current};
pub use join_handle::JoinHandle;
pub use local_key::LocalKey;
#[doc(hidden)]
pub use native_local::{Initialized as __Initialized, Storage as __Storage};
pub use park::{park, park_timeout};
pub use scoped::{Scope, ScopedJoinHandle, scope};
pub use sleep::sleep;
pub use spawn::{spawn, yield_now};

#[expect(deprecated, reason = "std has them still")]
pub use park::park_timeout_ms;
#[expect(deprecated, reason = "std has them still")]
pub use sleep::sleep_ms;

/// Returns whether the current thread, native or green, is unwinding because of a panic.
///
/// # Differences from std
///
/// Other green threads that are unwinding on the same OS thread do not count.
///
/// # Examples
///
/// ```
/// assert!(!greenpatch::thread::panicking());
/// ```
#[inline]
#[must_use]
pub fn panicking() -> bool {
    crate::seam::unwind::is_panicking()
}
