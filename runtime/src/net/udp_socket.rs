//! [`UdpSocket`].
#![forbid(unsafe_code)]

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket as StdUdpSocket};

use socket2::SockAddr;

use super::addresses::{self, ToSocketAddrs};
use super::timeouts;
use super::transfer::{self, Take};
use crate::descriptor::conversions::{descriptor_traits, std_conversions};
use crate::descriptor::watch::Watched;

/// A UDP socket.
///
/// A thread that sends or receives blocks until the operation is complete: a green thread lets others run on its hub, a native
/// one is blocked by the operating system. The socket is closed when dropped.
///
/// It converts from and into the type of std, for crates that do not use greenpatch; see [the module](crate::net).
///
/// # Examples
///
/// ```
/// use greenpatch::net::UdpSocket;
///
/// let (ours, theirs) = (UdpSocket::bind("127.0.0.1:0")?, UdpSocket::bind("127.0.0.1:0")?);
/// ours.send_to(b"hello", theirs.local_addr()?)?;
/// let mut buffer = [0; 16];
/// let (length, from) = theirs.recv_from(&mut buffer)?;
/// assert_eq!((&buffer[..length], from), (&b"hello"[..], ours.local_addr()?));
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct UdpSocket(Watched<StdUdpSocket>);

descriptor_traits!(UdpSocket, StdUdpSocket);
std_conversions!(UdpSocket, StdUdpSocket);
timeouts!(UdpSocket, "receive", "send");

impl UdpSocket {
    /// Creates a socket that is bound to the first of the addresses for which that succeeds. The system chooses the port if
    /// it is 0.
    ///
    /// # Errors
    ///
    /// Returns the error of the last address if none can be bound to.
    pub fn bind<A: ToSocketAddrs>(addr: A) -> io::Result<UdpSocket> {
        addresses::first_success(addr, |address| {
            Ok(UdpSocket(Watched::fresh(StdUdpSocket::bind(address)?)))
        })
    }

    /// Receives a message and returns its length and the address of its sender. Bytes that do not fit into `buf` are
    /// discarded.
    pub fn recv_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        let block = |inner: &StdUdpSocket, buf: &mut [u8]| inner.recv_from(buf);
        transfer::receive_from(&self.0, buf, Take::All, block, address)
    }

    /// Receives a message like [`recv_from`](UdpSocket::recv_from), without removing it from the queue.
    pub fn peek_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        let block = |inner: &StdUdpSocket, buf: &mut [u8]| inner.peek_from(buf);
        transfer::receive_from(&self.0, buf, Take::Peek, block, address)
    }

    /// Sends a message to the first of the addresses.
    pub fn send_to<A: ToSocketAddrs>(&self, buf: &[u8], addr: A) -> io::Result<usize> {
        let Some(address) = addr.to_socket_addrs()?.next() else {
            // For std's error, which comes before anything is sent.
            let none: &[SocketAddr] = &[];
            return self.0.inner().send_to(buf, none);
        };
        transfer::send_to(&self.0, buf, &SockAddr::from(address), |inner, buf| {
            inner.send_to(buf, address)
        })
    }

    /// Returns the address that the socket is connected to.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.0.inner().peer_addr()
    }

    /// Returns the address that the socket is bound to.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.inner().local_addr()
    }

    /// Returns another handle to the same socket. Options that are set on one handle affect both.
    ///
    /// # Errors
    ///
    /// Returns the error of the system if the process has no descriptors left.
    pub fn try_clone(&self) -> io::Result<UdpSocket> {
        Ok(UdpSocket(self.0.try_clone(|inner| inner.try_clone())?))
    }

    /// Sets whether packets may be sent to a broadcast address.
    pub fn set_broadcast(&self, broadcast: bool) -> io::Result<()> {
        self.0.inner().set_broadcast(broadcast)
    }

    /// Returns whether packets may be sent to a broadcast address.
    pub fn broadcast(&self) -> io::Result<bool> {
        self.0.inner().broadcast()
    }

    /// Sets whether IPv4 multicast packets are looped back to the local host (`IP_MULTICAST_LOOP`).
    pub fn set_multicast_loop_v4(&self, multicast_loop_v4: bool) -> io::Result<()> {
        self.0.inner().set_multicast_loop_v4(multicast_loop_v4)
    }

    /// Returns whether IPv4 multicast packets are looped back to the local host (`IP_MULTICAST_LOOP`).
    pub fn multicast_loop_v4(&self) -> io::Result<bool> {
        self.0.inner().multicast_loop_v4()
    }

    /// Sets the time to live of IPv4 multicast packets (`IP_MULTICAST_TTL`).
    pub fn set_multicast_ttl_v4(&self, multicast_ttl_v4: u32) -> io::Result<()> {
        self.0.inner().set_multicast_ttl_v4(multicast_ttl_v4)
    }

    /// Returns the time to live of IPv4 multicast packets (`IP_MULTICAST_TTL`).
    pub fn multicast_ttl_v4(&self) -> io::Result<u32> {
        self.0.inner().multicast_ttl_v4()
    }

    /// Sets whether IPv6 multicast packets are looped back to the local host (`IPV6_MULTICAST_LOOP`).
    pub fn set_multicast_loop_v6(&self, multicast_loop_v6: bool) -> io::Result<()> {
        self.0.inner().set_multicast_loop_v6(multicast_loop_v6)
    }

    /// Returns whether IPv6 multicast packets are looped back to the local host (`IPV6_MULTICAST_LOOP`).
    pub fn multicast_loop_v6(&self) -> io::Result<bool> {
        self.0.inner().multicast_loop_v6()
    }

    /// Sets the time to live of packets that are sent from this socket (`IP_TTL`).
    pub fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        self.0.inner().set_ttl(ttl)
    }

    /// Returns the time to live of packets that are sent from this socket (`IP_TTL`).
    pub fn ttl(&self) -> io::Result<u32> {
        self.0.inner().ttl()
    }

    /// Joins an IPv4 multicast group on the interface with the given address.
    pub fn join_multicast_v4(&self, multiaddr: &Ipv4Addr, interface: &Ipv4Addr) -> io::Result<()> {
        self.0.inner().join_multicast_v4(multiaddr, interface)
    }

    /// Joins an IPv6 multicast group on the interface with the given index.
    pub fn join_multicast_v6(&self, multiaddr: &Ipv6Addr, interface: u32) -> io::Result<()> {
        self.0.inner().join_multicast_v6(multiaddr, interface)
    }

    /// Leaves an IPv4 multicast group.
    pub fn leave_multicast_v4(&self, multiaddr: &Ipv4Addr, interface: &Ipv4Addr) -> io::Result<()> {
        self.0.inner().leave_multicast_v4(multiaddr, interface)
    }

    /// Leaves an IPv6 multicast group.
    pub fn leave_multicast_v6(&self, multiaddr: &Ipv6Addr, interface: u32) -> io::Result<()> {
        self.0.inner().leave_multicast_v6(multiaddr, interface)
    }

    /// Returns the pending error of the socket, if there is one, and clears it.
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.0.take_error(StdUdpSocket::take_error)
    }

    /// Connects the socket to an address: [`send`](UdpSocket::send) sends to it, and messages are received from it alone.
    /// No packet is sent.
    ///
    /// # Errors
    ///
    /// Returns the error of the last address if none can be connected to.
    pub fn connect<A: ToSocketAddrs>(&self, addr: A) -> io::Result<()> {
        addresses::first_success(addr, |address| self.0.inner().connect(address))
    }

    /// Sends a message to the connected address.
    pub fn send(&self, buf: &[u8]) -> io::Result<usize> {
        transfer::send(&self.0, buf, |inner, buf| inner.send(buf))
    }

    /// Receives a message and returns its length. Bytes that do not fit into `buf` are discarded.
    pub fn recv(&self, buf: &mut [u8]) -> io::Result<usize> {
        transfer::receive(&self.0, buf, Take::All, |inner, buf| inner.recv(buf))
    }

    /// Receives a message like [`recv`](UdpSocket::recv), without removing it from the queue.
    pub fn peek(&self, buf: &mut [u8]) -> io::Result<usize> {
        transfer::receive(&self.0, buf, Take::Peek, |inner, buf| inner.peek(buf))
    }

    /// Sets whether operations fail with [`WouldBlock`](io::ErrorKind::WouldBlock) instead of waiting.
    ///
    /// # Differences from std
    ///
    /// Once patched, a green thread that gets `WouldBlock` a few times in a row yields.
    pub fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()> {
        self.0.set_nonblocking(nonblocking)
    }
}

fn address(address: &SockAddr) -> io::Result<SocketAddr> {
    let address = address.as_socket();
    address.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))
}
