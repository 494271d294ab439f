//! [`ToSocketAddrs`], and attempts with one address after the other.
#![forbid(unsafe_code)]

use std::io;
use std::iter;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::option;
use std::slice;
use std::vec;

use super::dns;

/// A type that converts to socket addresses, possibly by looking up a name.
///
/// # Differences from std
///
/// It is not std's trait, but is implemented for the same types. Once patched, a green thread that looks up a name lets
/// others run. Threads that look up the same name at the same time share one look-up.
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
    /// The iterator over the addresses.
    type Iter: Iterator<Item = SocketAddr>;

    /// Returns an iterator over the addresses.
    ///
    /// # Errors
    ///
    /// If a name cannot be looked up, or a text is not an address.
    fn to_socket_addrs(&self) -> io::Result<Self::Iter>;
}

/// Calls `f` with one address after the other until a call succeeds. Returns its value, or the last error.
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

/// Returns std's error for an empty list of addresses, which comes before a socket is created.
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

/// Implements `ToSocketAddrs` for types from which an address can be created.
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
            // For std's error: without a name and a port std looks up nothing.
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
