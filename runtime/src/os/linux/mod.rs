//! Functionality that is specific to Linux, with the API of [`std::os::linux`].
//!
//! Items that are not listed here are re-exported from std. Every item behaves as std's, unless a section *Differences
//! from std* says otherwise.

#[doc(no_inline)]
pub use ::std::os::linux::*;

pub mod net;
