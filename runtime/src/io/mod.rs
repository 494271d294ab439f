// Layer: facade, std-shaped.
// Called by: users; `process`, for the macros of pipes; `prelude`.
// Calls: `seam`, `descriptor`; `sync`, for the locks of the streams; `fs`, for `IsTerminal` of a file and for the transfers on pipes.
// Never: names a hub, or asks whether it is green.

//! Streams and pipes, with the API of [`std::io`].
//!
//! Items that are not listed here are re-exported from std. Every item behaves as std's, unless a section *Differences
//! from std* says otherwise.

#[doc(no_inline)]
pub use ::std::io::*;

mod output_streams;
mod pipe;
mod print;
mod reentrant_lock;
mod stdin;
mod terminal;

pub use output_streams::{Stderr, StderrLock, Stdout, StdoutLock, stderr, stdout};
pub use pipe::{PipeReader, PipeWriter, pipe};
#[doc(hidden)]
pub use print::{__eprint, __print};
pub use stdin::{Stdin, StdinLock, stdin};
pub use terminal::IsTerminal;

pub(crate) use pipe::{reads_a_pipe, writes_a_pipe};
