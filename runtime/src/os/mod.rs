//! What only some systems have: the shape of `std::os`.
//!
//! Layer: facade, std-shaped.
//! Called by: users.
//! Calls: `seam`, `descriptor`, `net`, `process`.
//! Never: names a hub.

#[doc(no_inline)]
pub use ::std::os::*;

#[cfg(target_os = "linux")]
pub mod linux;
#[cfg(unix)]
pub mod unix;
