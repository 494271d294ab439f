//! Unix-domain sockets that let other green threads run while they are not ready, with the API of [`std::os::unix::net`].
//!
//! Items that are not listed here are re-exported from std. Every item behaves as std's, unless a section *Differences
//! from std* says otherwise.

#[doc(no_inline)]
pub use ::std::os::unix::net::*;

mod address;
mod connect;
mod conversions;
mod datagram;
mod listener;
mod room;
mod stream;

pub use datagram::UnixDatagram;
pub use listener::{Incoming, UnixListener};
pub use stream::UnixStream;
