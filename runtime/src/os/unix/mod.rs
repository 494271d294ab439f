//! What Unix has: the shape of `std::os::unix`.
//!
//! Layer: facade, std-shaped.
//! Called by: users.
//! Calls: the other facades.
//! Never: names a hub.

#[doc(no_inline)]
pub use ::std::os::unix::*;

pub mod net;
pub mod process;

/// What is mostly imported.
pub mod prelude {
    #[doc(no_inline)]
    pub use ::std::os::unix::prelude::*;

    #[doc(no_inline)]
    pub use super::process::CommandExt;
}
