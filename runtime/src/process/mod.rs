// Layer: facade, std-shaped.
// Called by: users, and `os`.
// Calls: `seam`, `descriptor`; `io`, for the macros of pipes.
// Never: names a hub, or asks whether it is green.

//! Child processes that native or green threads can wait for, with the API of [`std::process`].
//!
//! Items that are not listed here are re-exported from std. Every item behaves as std's, unless a section *Differences
//! from std* says otherwise.
//!
//! Once [`patch_process`](crate::patch_process) has been called, a green thread that waits for a child process, or on a
//! pipe to or from it, lets others run. A process is spawned in place, which waits for the kernel only.

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
