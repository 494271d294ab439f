//! Networking that lets green threads run while a socket is not ready: the shape of `std::net`.
//!
//! Layer: facade, std-shaped.
//! Called by: users, and `os`.
//! Calls: `seam`, `wait`, `descriptor`, and the OS through std and socket2.
//! Never: names a hub, or knows whether its caller is green.
//!
//! Each type holds std's own and what is kept beside a descriptor, a `Watched`. What cannot block is
//! std's; what can is an operation, given to the seam with one attempt in both manners:
//!
//! ```text
//!   TcpStream::read ─▶ transfer::read ─▶ seam::net::perform ─┬▶ Block: recv
//!                                                            └▶ Try: recv, MSG_DONTWAIT
//! ```
//!
//! # Sockets of crates that know nothing of greenpatch
//!
//! Each type can be made of std's and turned into it (`From`, `Into`), and of an `OwnedFd`. What it is
//! turned into blocks as its user has set it, and is std's in every way: an operation on it blocks the
//! OS thread.
//!
//! # Fairness
//!
//! A socket that is always ready does not hold a hub for itself: after some transfers in a row others
//! run.

#[doc(no_inline)]
pub use ::std::net::*;

mod addresses;
mod conversions;
mod dns;
mod sys;
mod tcp_listener;
mod tcp_stream;
pub(crate) mod transfer;
mod udp_socket;

pub use addresses::ToSocketAddrs;
pub use tcp_listener::{Incoming, TcpListener};
pub use tcp_stream::TcpStream;
pub use udp_socket::UdpSocket;

pub(crate) use conversions::{conversions, from_raw_fd};
