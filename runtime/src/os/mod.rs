// Layer: facade, std-shaped.
// Called by: users.
// Calls: `seam`, `descriptor`, `net`, `process`.
// Never: names a hub.

//! Functionality that is specific to operating systems, with the API of [`std::os`].
//!
//! Items that are not listed here are re-exported from std. Every item behaves as std's, unless a section *Differences
//! from std* says otherwise.

#[doc(no_inline)]
pub use ::std::os::*;

#[cfg(target_os = "linux")]
pub mod linux;
#[cfg(unix)]
pub mod unix;
