//! Child processes, waited for by native threads or by green ones: the shape of `std::process`.
//!
//! Layer: facade, std-shaped.
//! Called by: users, and `os`.
//! Calls: `seam`, `descriptor`; `io` for what its pipes have in common with these.
//! Never: names a hub, or asks whether it is green.
//!
//! What std has and is not listed here is std's own. Once [`patch_process`](crate::patch_process) has
//! been called, a green thread that waits for a child process, or on a pipe to or from it, lets others
//! run. Starting one takes place at once, as it does not wait for anything but the kernel.

#[doc(no_inline)]
pub use ::std::process::*;

mod child;
mod command;
mod exit;
mod output;
mod streams;

pub use child::Child;
pub use command::Command;
pub use exit::exit;
pub use streams::{ChildStderr, ChildStdin, ChildStdout};
