//! Streams and pipes: the shape of `std::io`.
//!
//! Layer: facade, std-shaped.
//! Called by: users; `process`, for what all pipes have.
//! Calls: `seam`; `sync` for the locks of the streams.
//! Never: names a hub, or asks whether it is green.
//!
//! What std has and is not listed here is std's own.

#[doc(no_inline)]
pub use ::std::io::*;

mod pipe;

pub use pipe::{PipeReader, PipeWriter, pipe};

pub(crate) use pipe::{converts_from_and_to, reads_a_pipe, writes_a_pipe};
