//! [`UnixDatagram`].
#![forbid(unsafe_code)]

use std::io;
use std::net::Shutdown;
use std::os::unix::net::{SocketAddr, UnixDatagram as StdUnixDatagram};
use std::path::Path;

use socket2::SockAddr;

use super::{address, room};
use crate::descriptor::conversions::{descriptor_traits, std_conversions};
use crate::descriptor::watch::Watched;
use crate::net::timeouts;
use crate::net::transfer::{self, Take};

/// A Unix-domain datagram socket.
///
/// A thread that sends or receives blocks until the operation is complete: a green thread lets others run on its hub, a native
/// one is blocked by the operating system. The socket is closed when dropped.
///
/// It converts from and into the type of std, for crates that do not use greenpatch; see [the module](crate::net).
///
/// # Examples
///
/// ```
/// use greenpatch::os::unix::net::UnixDatagram;
///
/// let (ours, theirs) = UnixDatagram::pair()?;
/// ours.send(b"hello")?;
/// let mut buffer = [0; 16];
/// let length = theirs.recv(&mut buffer)?;
/// assert_eq!(&buffer[..length], b"hello");
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct UnixDatagram(Watched<StdUnixDatagram>);

descriptor_traits!(UnixDatagram, StdUnixDatagram);
std_conversions!(UnixDatagram, StdUnixDatagram);
timeouts!(UnixDatagram, "receive", "send");

impl UnixDatagram {
    /// Creates a socket that is bound to a path, which must not exist.
    pub fn bind<P: AsRef<Path>>(path: P) -> io::Result<UnixDatagram> {
        Ok(UnixDatagram(Watched::fresh(StdUnixDatagram::bind(path)?)))
    }

    /// Creates a socket that is bound to an address.
    pub fn bind_addr(socket_addr: &SocketAddr) -> io::Result<UnixDatagram> {
        let inner = StdUnixDatagram::bind_addr(socket_addr)?;
        Ok(UnixDatagram(Watched::fresh(inner)))
    }

    /// Creates a socket that is not bound to an address.
    pub fn unbound() -> io::Result<UnixDatagram> {
        Ok(UnixDatagram(Watched::fresh(StdUnixDatagram::unbound()?)))
    }

    /// Creates a pair of sockets that are connected to each other.
    pub fn pair() -> io::Result<(UnixDatagram, UnixDatagram)> {
        let (one, other) = StdUnixDatagram::pair()?;
        Ok((
            UnixDatagram(Watched::fresh(one)),
            UnixDatagram(Watched::fresh(other)),
        ))
    }

    /// Connects the socket: [`send`](UnixDatagram::send) sends to this address, and messages are received from it alone.
    pub fn connect<P: AsRef<Path>>(&self, path: P) -> io::Result<()> {
        self.0.inner().connect(path)
    }

    /// Connects the socket: [`send`](UnixDatagram::send) sends to this address, and messages are received from it alone.
    pub fn connect_addr(&self, socket_addr: &SocketAddr) -> io::Result<()> {
        self.0.inner().connect_addr(socket_addr)
    }

    /// Returns another handle to the same socket. Options that are set on one handle affect both.
    ///
    /// # Errors
    ///
    /// Returns the error of the system if the process has no descriptors left.
    pub fn try_clone(&self) -> io::Result<UnixDatagram> {
        Ok(UnixDatagram(self.0.try_clone(|inner| inner.try_clone())?))
    }

    /// Returns the local address of the socket.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.inner().local_addr()
    }

    /// Returns the address of the other side.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.0.inner().peer_addr()
    }

    /// Receives a message, and returns its length and the address of its sender. Bytes that do not fit into `buf` are
    /// discarded.
    pub fn recv_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        let block = |inner: &StdUnixDatagram, buf: &mut [u8]| inner.recv_from(buf);
        transfer::receive_from(&self.0, buf, Take::All, block, address::from_os)
    }

    /// Receives a message, and says how long it is. What does not fit into `buf` is lost.
    pub fn recv(&self, buf: &mut [u8]) -> io::Result<usize> {
        transfer::receive(&self.0, buf, Take::All, |inner, buf| inner.recv(buf))
    }

    /// Sends a message to the socket of that name in the file system.
    pub fn send_to<P: AsRef<Path>>(&self, buf: &[u8], path: P) -> io::Result<usize> {
        self.send_to_addr(buf, &SocketAddr::from_pathname(path)?)
    }

    /// Sends a message to the socket of that address.
    pub fn send_to_addr(&self, buf: &[u8], socket_addr: &SocketAddr) -> io::Result<usize> {
        let address: SockAddr = address::to_os(socket_addr)?;
        room::send_to(&self.0, buf, &address, |inner, buf| {
            inner.send_to_addr(buf, socket_addr)
        })
    }

    /// Sends a message to the connected address.
    pub fn send(&self, buf: &[u8]) -> io::Result<usize> {
        transfer::send(&self.0, buf, |inner, buf| inner.send(buf))
    }

    /// Sets whether operations fail with [`WouldBlock`](io::ErrorKind::WouldBlock) instead of waiting.
    ///
    /// # Differences from std
    ///
    /// Once patched, a green thread that gets `WouldBlock` a few times in a row yields.
    pub fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()> {
        self.0.set_nonblocking(nonblocking)
    }

    /// Returns the pending error of the socket, if there is one, and clears it.
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.0.take_error(StdUnixDatagram::take_error)
    }

    /// Shuts down the read half, the write half, or both, for all handles to the socket. Ends operations that are waiting.
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.0.inner().shutdown(how)
    }
}
