// Layer: facade, std-shaped.
// Called by: users.
// Calls: `seam`, `descriptor`, `net`, `process`.
// Never: names a hub.

//! Functionality of single operating systems, with the API of [`std::os`].

#[doc(no_inline)]
pub use ::std::os::*;

#[cfg(target_os = "linux")]
pub mod linux;
#[cfg(unix)]
pub mod unix;
