//! Monkey patching for Rust: blocking code, unchanged, on green threads.
#![deny(unsafe_code)]

// So that expansions of this crate's own macros, which name `::greenpatch`, work inside it too.
extern crate self as greenpatch;

#[doc(hidden)]
pub extern crate std as __std;

pub use ::std::*;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
mod coroutine;
mod green;
mod hub;
mod patch;
mod reactor;
mod seam;
pub mod sync;
pub mod thread;
