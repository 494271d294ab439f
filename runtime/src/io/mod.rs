// Layer: facade, std-shaped.
// Called by: users; `process`, for what all pipes have; `prelude`.
// Calls: `seam`, `descriptor`; `sync` for the locks of the streams; `fs` for `IsTerminal` of a file.
// Never: names a hub, or asks whether it is green.

//! Streams and pipes, with the API of [`std::io`].
//!
//! Items that are not listed here are re-exported from std. Every item behaves as std's, unless a section *Differences
//! from std* says otherwise.

#[doc(no_inline)]
pub use ::std::io::*;

mod pipe;
mod print;
mod stderr;
mod stdin;
mod stdout;
mod terminal;
mod turn;

pub use pipe::{PipeReader, PipeWriter, pipe};
#[doc(hidden)]
pub use print::{__eprint, __print};
pub use stderr::{Stderr, StderrLock, stderr};
pub use stdin::{Stdin, StdinLock, stdin};
pub use stdout::{Stdout, StdoutLock, stdout};
pub use terminal::IsTerminal;

pub(crate) use pipe::{converts_from_and_to, reads_a_pipe, writes_a_pipe};
