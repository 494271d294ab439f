//! [`TcpListener`], and [`Incoming`].
#![forbid(unsafe_code)]

use std::io;
use std::iter::FusedIterator;
use std::net::{SocketAddr, TcpListener as StdTcpListener};

use super::addresses::{self, ToSocketAddrs};
use super::tcp_stream::TcpStream;
use super::transfer;
use crate::descriptor::conversions::{descriptor_traits, std_conversions};
use crate::descriptor::watch::Watched;

/// A TCP socket that accepts connections.
///
/// A thread that accepts blocks until there is a connection: a green thread lets others run on its hub, a native one is
/// blocked by the operating system. The listener is closed when dropped.
///
/// # Differences from std
///
/// While a green thread makes its attempt, for the duration of one system call, the descriptor is non-blocking. Calls
/// of this type handle that, also in other processes; std's own, on a duplicate, may fail with
/// [`WouldBlock`](io::ErrorKind::WouldBlock) if they begin in that time.
///
/// # Examples
///
/// A thread for each connection:
///
/// ```no_run
/// use greenpatch::net::TcpListener;
/// use greenpatch::thread;
///
/// for stream in TcpListener::bind("127.0.0.1:7000")?.incoming() {
///     let mut stream = stream?;
///     thread::spawn(move || std::io::copy(&mut stream.try_clone()?, &mut stream));
/// }
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct TcpListener(Watched<StdTcpListener>);

descriptor_traits!(TcpListener, StdTcpListener);
std_conversions!(TcpListener, StdTcpListener);

/// An iterator over the connections that a listener accepts, which never ends.
#[derive(Debug)]
#[must_use = "iterators are lazy and do nothing unless consumed"]
pub struct Incoming<'a> {
    listener: &'a TcpListener,
}

impl TcpListener {
    /// Creates a listener that is bound to the first of the addresses for which that succeeds. The system chooses the port if
    /// it is 0.
    ///
    /// # Errors
    ///
    /// Returns the error of the last address if none can be bound to.
    pub fn bind<A: ToSocketAddrs>(addr: A) -> io::Result<TcpListener> {
        addresses::first_success(addr, |address| {
            Ok(TcpListener(Watched::fresh(StdTcpListener::bind(address)?)))
        })
    }

    /// Returns the local address of the socket.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.inner().local_addr()
    }

    /// Returns another handle to the same socket. Options that are set on one handle affect both.
    ///
    /// # Errors
    ///
    /// Returns the error of the system if the process has no descriptors left.
    pub fn try_clone(&self) -> io::Result<TcpListener> {
        Ok(TcpListener(self.0.try_clone(|inner| inner.try_clone())?))
    }

    /// Accepts a connection and returns it with the address of the peer.
    ///
    /// # Errors
    ///
    /// Returns an error of the connection, or of the process: if that has no descriptors left, the connection stays in the
    /// queue, and the caller should wait before it tries again.
    pub fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        let (stream, address) = transfer::accept(&self.0, |inner| {
            let (stream, address) = inner.accept()?;
            transfer::as_made(&stream)?;
            Ok((stream, address))
        })?;
        Ok((TcpStream::accepted(stream), address))
    }

    /// Returns an iterator over the connections that are accepted.
    pub fn incoming(&self) -> Incoming<'_> {
        Incoming { listener: self }
    }

    /// Sets the time to live of packets that are sent from this socket (`IP_TTL`).
    pub fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        self.0.inner().set_ttl(ttl)
    }

    /// Returns the time to live of packets that are sent from this socket (`IP_TTL`).
    pub fn ttl(&self) -> io::Result<u32> {
        self.0.inner().ttl()
    }

    /// Sets the `IPV6_V6ONLY` option, which cannot be changed after binding.
    #[deprecated(
        since = "1.16.0",
        note = "this option can only be set before the socket is bound"
    )]
    pub fn set_only_v6(&self, only_v6: bool) -> io::Result<()> {
        #[allow(deprecated)]
        self.0.inner().set_only_v6(only_v6)
    }

    /// Returns the `IPV6_V6ONLY` option.
    #[deprecated(
        since = "1.16.0",
        note = "this option can only be set before the socket is bound"
    )]
    pub fn only_v6(&self) -> io::Result<bool> {
        #[allow(deprecated)]
        self.0.inner().only_v6()
    }

    /// Returns the pending error of the socket, if there is one, and clears it.
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.0.take_error(StdTcpListener::take_error)
    }

    /// Sets whether [`accept`](TcpListener::accept) fails with [`WouldBlock`](io::ErrorKind::WouldBlock) instead of waiting.
    ///
    /// # Differences from std
    ///
    /// Once patched, a green thread that gets `WouldBlock` a few times in a row yields.
    pub fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()> {
        self.0.set_nonblocking(nonblocking)
    }
}

impl Iterator for Incoming<'_> {
    type Item = io::Result<TcpStream>;

    fn next(&mut self) -> Option<io::Result<TcpStream>> {
        Some(self.listener.accept().map(|(stream, _)| stream))
    }
}

impl FusedIterator for Incoming<'_> {}
