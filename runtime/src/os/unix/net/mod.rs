//! Sockets of the Unix domain that let green threads run while they are not ready: the shape of
//! `std::os::unix::net`.

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
