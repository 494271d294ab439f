// Layer: facade, std-shaped.
// Called by: users.
// Calls: the other facades.
// Never: names a hub.

//! Functionality that is specific to Unix, with the API of [`std::os::unix`].
//!
//! Items that are not listed here are re-exported from std. Every item behaves as std's, unless a section *Differences
//! from std* says otherwise.

#[doc(no_inline)]
pub use ::std::os::unix::*;

pub mod net;
pub mod process;

/// The traits and types of this module that are most often imported.
pub mod prelude {
    #[doc(no_inline)]
    pub use ::std::os::unix::prelude::*;

    #[doc(no_inline)]
    pub use super::process::CommandExt;
}
