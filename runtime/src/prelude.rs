// Layer: facade. Called by: user code, and the compiler for a crate that is compiled with greenpatch as `std`. Calls:
// nothing; it re-exports the macros of `io` and `thread`. Never: defines items.

//! The preludes of the language's editions, with greenpatch's macros.
//!
//! The compiler imports one prelude into every module of a crate. In a crate that is compiled with
//! `--extern std=…/libgreenpatch.rlib` it is one of these. In an annotated module, `use std::prelude::v1::*` also imports
//! greenpatch's.
//!
//! # Differences from std
//!
//! [`thread_local!`](crate::thread_local), [`print!`](crate::print), [`println!`](crate::println),
//! [`eprint!`](crate::eprint), [`eprintln!`](crate::eprintln) and [`dbg!`](crate::dbg) are those of greenpatch.
//!
//! # Examples
//!
//! ```
//! mod without_the_injected_one {
//!     #![no_implicit_prelude]
//!     use ::greenpatch::prelude::rust_2024::*;
//!
//!     pub fn name() -> String {
//!         println!("{}", "greenpatch's own");
//!         String::from("println")
//!     }
//! }
//! assert_eq!(without_the_injected_one::name(), "println");
//! ```
#![forbid(unsafe_code)]

// Named imports take precedence over glob imports.

/// The prelude that all editions have in common.
pub mod v1 {
    #[doc(no_inline)]
    pub use ::std::prelude::v1::*;

    #[doc(no_inline)]
    pub use crate::thread_local;
    #[cfg(not(loom))]
    #[doc(no_inline)]
    pub use crate::{dbg, eprint, eprintln, print, println};
}

/// The prelude of edition 2015.
pub mod rust_2015 {
    #[doc(no_inline)]
    pub use ::std::prelude::rust_2015::*;

    #[doc(no_inline)]
    pub use crate::thread_local;
    #[cfg(not(loom))]
    #[doc(no_inline)]
    pub use crate::{dbg, eprint, eprintln, print, println};
}

/// The prelude of edition 2018.
pub mod rust_2018 {
    #[doc(no_inline)]
    pub use ::std::prelude::rust_2018::*;

    #[doc(no_inline)]
    pub use crate::thread_local;
    #[cfg(not(loom))]
    #[doc(no_inline)]
    pub use crate::{dbg, eprint, eprintln, print, println};
}

/// The prelude of edition 2021.
pub mod rust_2021 {
    #[doc(no_inline)]
    pub use ::std::prelude::rust_2021::*;

    #[doc(no_inline)]
    pub use crate::thread_local;
    #[cfg(not(loom))]
    #[doc(no_inline)]
    pub use crate::{dbg, eprint, eprintln, print, println};
}

/// The prelude of edition 2024.
pub mod rust_2024 {
    #[doc(no_inline)]
    pub use ::std::prelude::rust_2024::*;

    #[doc(no_inline)]
    pub use crate::thread_local;
    #[cfg(not(loom))]
    #[doc(no_inline)]
    pub use crate::{dbg, eprint, eprintln, print, println};
}
