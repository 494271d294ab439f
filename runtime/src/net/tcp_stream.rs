//! [`TcpStream`].
#![forbid(unsafe_code)]

use std::io;
use std::net::{Shutdown, SocketAddr, TcpStream as StdTcpStream};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use socket2::{Domain, SockAddr, SockRef, Socket, Type};

use super::addresses::{self, ToSocketAddrs};
use super::stream_traits;
use super::timeouts;
use super::transfer::{self, Short, Take};
use crate::descriptor::conversions::{descriptor_traits, std_conversions};
use crate::descriptor::direction::{Direction, Manner};
use crate::descriptor::operation::{Operation, Size};
use crate::descriptor::poll::poll;
use crate::descriptor::watch::Watched;
use crate::seam::net::perform;

/// A TCP stream between a local and a remote socket.
///
/// A thread that reads, writes or connects blocks until the operation is complete: a green thread lets others run on its
/// hub, a native one is blocked by the operating system. Green and native threads may use one stream at the same time.
/// The socket is closed when dropped.
///
/// It converts from and into the type of std, for crates that do not use greenpatch; see [the module](crate::net).
///
/// # Examples
///
/// ```
/// use std::io::{Read, Write};
/// use greenpatch::net::{TcpListener, TcpStream};
/// use greenpatch::thread;
///
/// let listener = TcpListener::bind("127.0.0.1:0")?;
/// let address = listener.local_addr()?;
/// let client = thread::spawn(move || -> std::io::Result<String> {
///     let mut answer = String::new();
///     TcpStream::connect(address)?.read_to_string(&mut answer)?;
///     Ok(answer)
/// });
/// listener.accept()?.0.write_all(b"hello")?;
/// assert_eq!(client.join().unwrap()?, "hello");
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct TcpStream(pub(super) Watched<StdTcpStream>);

descriptor_traits!(TcpStream, StdTcpStream);
std_conversions!(TcpStream, StdTcpStream);
timeouts!(TcpStream, "read", "write");

impl TcpStream {
    /// Connects to the first of the addresses for which that succeeds.
    ///
    /// # Errors
    ///
    /// Returns the error of the last address if none can be connected to.
    pub fn connect<A: ToSocketAddrs>(addr: A) -> io::Result<TcpStream> {
        addresses::first_success(addr, |address| connect(address, None))
    }

    /// Connects to an address, and waits for at most `timeout`.
    ///
    /// # Errors
    ///
    /// Returns [`TimedOut`](io::ErrorKind::TimedOut) after the timeout, `InvalidInput` if that is zero, or the error of the
    /// system.
    pub fn connect_timeout(addr: &SocketAddr, timeout: Duration) -> io::Result<TcpStream> {
        if timeout.is_zero() {
            // For std's error, which comes before any wait.
            return StdTcpStream::connect_timeout(addr, timeout).map(TcpStream::from);
        }
        // A time that the clock cannot represent is never reached.
        connect(addr, Some(Instant::now().checked_add(timeout)))
    }

    /// Returns the address of the peer.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.0.inner().peer_addr()
    }

    /// Returns the local address of the socket.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.inner().local_addr()
    }

    /// Shuts down the read half, the write half, or both, for all handles to the socket. Ends operations that are waiting.
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.0.inner().shutdown(how)
    }

    /// Returns another handle to the same socket. Options that are set on one handle affect both.
    ///
    /// # Errors
    ///
    /// Returns the error of the system if the process has no descriptors left.
    pub fn try_clone(&self) -> io::Result<TcpStream> {
        Ok(TcpStream(self.0.try_clone(|inner| inner.try_clone())?))
    }

    /// Reads without removing the bytes from the queue. Waits like a read.
    pub fn peek(&self, buf: &mut [u8]) -> io::Result<usize> {
        transfer::receive(&self.0, buf, Take::Peek, |inner, buf| inner.peek(buf))
    }

    /// Sets whether small writes are sent immediately, without Nagle's algorithm (`TCP_NODELAY`).
    pub fn set_nodelay(&self, nodelay: bool) -> io::Result<()> {
        self.0.inner().set_nodelay(nodelay)
    }

    /// Returns whether small writes are sent immediately (`TCP_NODELAY`).
    pub fn nodelay(&self) -> io::Result<bool> {
        self.0.inner().nodelay()
    }

    /// Sets the time to live of packets that are sent from this socket (`IP_TTL`).
    pub fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        self.0.inner().set_ttl(ttl)
    }

    /// Returns the time to live of packets that are sent from this socket (`IP_TTL`).
    pub fn ttl(&self) -> io::Result<u32> {
        self.0.inner().ttl()
    }

    /// Returns the pending error of the socket, if there is one, and clears it.
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.0.take_error(StdTcpStream::take_error)
    }

    /// Sets whether operations fail with [`WouldBlock`](io::ErrorKind::WouldBlock) instead of waiting.
    ///
    /// # Differences from std
    ///
    /// Once patched, a green thread that gets `WouldBlock` a few times in a row yields.
    pub fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()> {
        self.0.set_nonblocking(nonblocking)
    }

    /// Returns std's stream, for operations that do not block.
    #[cfg(target_os = "linux")]
    pub(crate) fn std(&self) -> &StdTcpStream {
        self.0.inner()
    }

    /// Creates a stream from a connection that a listener has accepted.
    pub(super) fn accepted(inner: StdTcpStream) -> TcpStream {
        TcpStream(Watched::fresh(inner))
    }
}

/// Connects to one address. With a deadline, waits until then; otherwise until the OS gives up.
fn connect(address: &SocketAddr, deadline: Option<Option<Instant>>) -> io::Result<TcpStream> {
    let socket = Socket::new(Domain::for_address(*address), Type::STREAM, None)?;
    let stream = Watched::fresh(StdTcpStream::from(socket));
    let address = SockAddr::from(*address);
    let mut attempt = connecting(stream.inner(), &address, deadline.is_some());
    let operation = Operation::new(
        stream.as_fd(),
        stream.watch(),
        Direction::Write,
        Size::Unknown,
        &mut attempt,
    );
    // A fixed deadline, since the mode of the descriptor is not its user's: the attempts make it non-blocking meanwhile.
    let connected = perform(&mut operation.until(deadline.flatten()));
    connected.map_err(|error| match error.kind() {
        io::ErrorKind::WouldBlock if deadline.is_some() => {
            io::Error::new(io::ErrorKind::TimedOut, "connection timed out")
        }
        _ => error,
    })?;
    drop(attempt);
    Ok(TcpStream(stream))
}

/// Returns a closure that attempts to connect a socket. The first attempt starts the connection, later ones check it.
fn connecting<'a>(
    stream: &'a StdTcpStream,
    address: &'a SockAddr,
    has_deadline: bool,
) -> impl FnMut(Manner, usize) -> io::Result<usize> + 'a {
    let mut is_under_way = false;
    move |manner, _| {
        let socket = SockRef::from(stream);
        if manner == Manner::Block && !has_deadline {
            return match socket.connect(address) {
                // The connection continues to be established; a second `connect` would fail for that reason.
                Err(error) if error.kind() == io::ErrorKind::Interrupted => finish(stream),
                result => result.map(|()| 0),
            };
        }
        if !is_under_way {
            is_under_way = true;
            stream.set_nonblocking(true)?;
            match socket.connect(address) {
                Ok(()) => {}
                Err(error) if error.raw_os_error() == Some(libc::EINPROGRESS) => {
                    return Err(io::ErrorKind::WouldBlock.into());
                }
                Err(error) => return Err(error),
            }
        } else if let Some(error) = stream.take_error()? {
            return Err(error);
        } else if let Err(error) = stream.peer_addr() {
            return Err(match error.kind() {
                // A spurious wakeup: not connected yet.
                io::ErrorKind::NotConnected => io::ErrorKind::WouldBlock.into(),
                _ => error,
            });
        }
        stream.set_nonblocking(false)?;
        Ok(0)
    }
}

/// Blocks the OS thread until a connection is established, after a signal has interrupted `connect`.
fn finish(stream: &StdTcpStream) -> io::Result<usize> {
    loop {
        if let Some(error) = stream.take_error()? {
            return Err(error);
        }
        match stream.peer_addr() {
            Ok(_) => return Ok(0),
            Err(error) if error.kind() == io::ErrorKind::NotConnected => {
                poll(stream.as_fd(), Direction::Write, None)?;
            }
            Err(error) => return Err(error),
        }
    }
}

stream_traits!(TcpStream, Short::IsDrained);
