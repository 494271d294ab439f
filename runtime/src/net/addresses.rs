//! [`ToSocketAddrs`], and trying each address in turn.
#![forbid(unsafe_code)]

use std::io;
use std::iter;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::option;
use std::slice;
use std::vec;

use super::dns;

/// What can be turned into addresses of sockets, perhaps by looking up a name.
///
/// # Differences from std
///
/// It is a trait of its own, with std's implementors, since names are looked up inside of it: once
/// patched, a green thread that looks one up lets others run. Several threads that look up the same
/// name at the same time share one look-up.
///
/// # Examples
///
/// ```
/// use greenpatch::net::ToSocketAddrs;
///
/// let mut addresses = ("127.0.0.1", 80).to_socket_addrs()?;
/// assert_eq!(addresses.next(), Some("127.0.0.1:80".parse().unwrap()));
/// assert!("localhost:80".to_socket_addrs()?.all(|address| address.ip().is_loopback()));
/// # Ok::<(), std::io::Error>(())
/// ```
pub trait ToSocketAddrs {
    /// The addresses, one after the other.
    type Iter: Iterator<Item = SocketAddr>;

    /// Returns the addresses that this stands for.
    ///
    /// # Errors
    ///
    /// A name that cannot be looked up, and text that is no address.
    fn to_socket_addrs(&self) -> io::Result<Self::Iter>;
}

/// Calls `f` with each address until one call succeeds, and returns that or the last error.
pub(super) fn first_success<A: ToSocketAddrs, T>(
    addresses: A,
    mut f: impl FnMut(&SocketAddr) -> io::Result<T>,
) -> io::Result<T> {
    let mut last = None;
    for address in addresses.to_socket_addrs()? {
        match f(&address) {
            Ok(value) => return Ok(value),
            Err(error) => last = Some(error),
        }
    }
    Err(last.unwrap_or_else(no_addresses))
}

/// The error for a list of addresses that is empty: std's own, which it has before it makes a socket.
pub(super) fn no_addresses() -> io::Error {
    let none: &[SocketAddr] = &[];
    match std::net::TcpListener::bind(none) {
        Err(error) => error,
        Ok(_) => unreachable!("there is no address to bind to"),
    }
}

impl ToSocketAddrs for SocketAddr {
    type Iter = option::IntoIter<SocketAddr>;
    fn to_socket_addrs(&self) -> io::Result<Self::Iter> {
        Ok(Some(*self).into_iter())
    }
}

/// Implements it for what an address can be made of.
macro_rules! address {
    ($($made_of:ty),*) => {
        $(
            impl ToSocketAddrs for $made_of {
                type Iter = option::IntoIter<SocketAddr>;
                fn to_socket_addrs(&self) -> io::Result<Self::Iter> {
                    Ok(Some(SocketAddr::from(*self)).into_iter())
                }
            }
        )*
    };
}

address!(
    SocketAddrV4,
    SocketAddrV6,
    (IpAddr, u16),
    (Ipv4Addr, u16),
    (Ipv6Addr, u16)
);

impl ToSocketAddrs for (&str, u16) {
    type Iter = vec::IntoIter<SocketAddr>;
    fn to_socket_addrs(&self) -> io::Result<Self::Iter> {
        let (host, port) = *self;
        if let Ok(address) = host.parse::<IpAddr>() {
            return Ok(vec![SocketAddr::new(address, port)].into_iter());
        }
        Ok(dns::look_up(host, port)?.into_iter())
    }
}

impl ToSocketAddrs for (String, u16) {
    type Iter = vec::IntoIter<SocketAddr>;
    fn to_socket_addrs(&self) -> io::Result<Self::Iter> {
        (self.0.as_str(), self.1).to_socket_addrs()
    }
}

impl ToSocketAddrs for str {
    type Iter = vec::IntoIter<SocketAddr>;
    fn to_socket_addrs(&self) -> io::Result<Self::Iter> {
        if let Ok(address) = self.parse() {
            return Ok(vec![address].into_iter());
        }
        let host_and_port = self.rsplit_once(':');
        match host_and_port.map(|(host, port)| (host, port.parse())) {
            Some((host, Ok(port))) => Ok(dns::look_up(host, port)?.into_iter()),
            // Without a name and a port std looks up nothing, and says what is wrong.
            _ => std::net::ToSocketAddrs::to_socket_addrs(self),
        }
    }
}

impl ToSocketAddrs for String {
    type Iter = vec::IntoIter<SocketAddr>;
    fn to_socket_addrs(&self) -> io::Result<Self::Iter> {
        self.as_str().to_socket_addrs()
    }
}

impl<'a> ToSocketAddrs for &'a [SocketAddr] {
    type Iter = iter::Cloned<slice::Iter<'a, SocketAddr>>;
    fn to_socket_addrs(&self) -> io::Result<Self::Iter> {
        Ok(self.iter().cloned())
    }
}

impl<T: ToSocketAddrs + ?Sized> ToSocketAddrs for &T {
    type Iter = T::Iter;
    fn to_socket_addrs(&self) -> io::Result<Self::Iter> {
        (**self).to_socket_addrs()
    }
}
