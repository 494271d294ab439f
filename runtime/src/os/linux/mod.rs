//! What is there on Linux only: the shape of `std::os::linux`.

#[doc(no_inline)]
pub use ::std::os::linux::*;

pub mod net;
