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
pub mod hint;
mod hub;
pub mod panic;
mod patch;
mod reactor;
mod seam;
pub mod sync;
pub mod thread;

pub use greenpatch_macros::{patchable, replaces};
pub use seam::os_thread::native_thread_id;
