//! What is there on Unix only: the shape of `std::os::unix`.

#[doc(no_inline)]
pub use ::std::os::unix::*;

pub mod net;
