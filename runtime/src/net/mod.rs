// Layer: facade, std-shaped.
// Called by: users, and `os`.
// Calls: `seam`, `wait`, `descriptor`, and the OS through std and socket2.
// Never: names a hub, or asks whether it is green.
//
// Each type holds a socket of std with its `Watch`, as a `Watched`. Calls that do not block are std's. One that may block
// is an `Operation`, which is passed to the seam with one attempt in both manners:
//
//   TcpStream::read ─▶ transfer::read ─▶ seam::net::perform ─┬▶ Block: recv
//                                                            └▶ Try: recv, MSG_DONTWAIT

//! Networking that lets other green threads run while a socket is not ready, with the API of [`std::net`].
//!
//! Items that are not listed here are re-exported from std. Every item behaves as std's, unless a section *Differences
//! from std* says otherwise.
//!
//! # Sockets of other crates
//!
//! Each type converts from and into std's type (`From`, `Into`), and from an `OwnedFd`. A socket that was converted into
//! std's type is in the mode that its user has set, and an operation on it blocks the OS thread.
//!
//! # Fairness
//!
//! A socket that is always ready does not monopolize a hub: after a number of transfers in a row a green thread yields.

#[doc(no_inline)]
pub use ::std::net::*;

mod addresses;
mod conversions;
mod dns;
mod stream_traits;
mod sys;
mod tcp_listener;
mod tcp_stream;
mod timeouts;
pub(crate) mod transfer;
mod udp_socket;

pub use addresses::ToSocketAddrs;
pub use tcp_listener::{Incoming, TcpListener};
pub use tcp_stream::TcpStream;
pub use udp_socket::UdpSocket;

pub(crate) use stream_traits::stream_traits;
pub(crate) use timeouts::timeouts;
