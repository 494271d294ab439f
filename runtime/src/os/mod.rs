//! What is there on some operating systems only: the shape of `std::os`.
//!
//! Layer: facade, std-shaped.
//! Called by: users.
//! Calls: `net`, `seam`.
//! Never: names a hub.

#[doc(no_inline)]
pub use ::std::os::*;

#[cfg(target_os = "linux")]
pub mod linux;
pub mod unix;
