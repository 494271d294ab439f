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

/// A connection by TCP between this socket and another.
///
/// A thread that reads, writes or connects blocks until it is done: a green thread lets others run on
/// its hub, a native one is blocked by the operating system. One stream may be used by both, at the
/// same time. It is closed when dropped.
///
/// It converts from and to std's type, for crates that do not use greenpatch; see [the module](crate::net).
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
    /// Connects to an address; to each in turn that a name stands for, until one answers.
    ///
    /// # Errors
    ///
    /// The error of the last address, if none answers.
    pub fn connect<A: ToSocketAddrs>(addr: A) -> io::Result<TcpStream> {
        addresses::first_success(addr, |address| connect(address, None))
    }

    /// Connects to an address, for at most `timeout`.
    ///
    /// # Errors
    ///
    /// [`TimedOut`](io::ErrorKind::TimedOut) when it took too long; a timeout of zero.
    pub fn connect_timeout(addr: &SocketAddr, timeout: Duration) -> io::Result<TcpStream> {
        if timeout.is_zero() {
            // The error is std's own, which does not wait for it.
            return StdTcpStream::connect_timeout(addr, timeout).map(TcpStream::from);
        }
        // A time that the clock cannot say is never.
        connect(addr, Some(Instant::now().checked_add(timeout)))
    }

    /// Returns the address of the other side.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.0.inner().peer_addr()
    }

    /// Returns the address of this side.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.inner().local_addr()
    }

    /// Ends reading, writing, or both, for every handle to the socket; also for one that waits.
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.0.inner().shutdown(how)
    }

    /// Returns another handle to the same socket. What is set on one holds for both.
    ///
    /// # Errors
    ///
    /// When the process has no file descriptor left.
    pub fn try_clone(&self) -> io::Result<TcpStream> {
        Ok(TcpStream(self.0.try_clone(|inner| inner.try_clone())?))
    }

    /// Copies what can be read into `buf`, and leaves it there to be read again. Waits as a read does.
    pub fn peek(&self, buf: &mut [u8]) -> io::Result<usize> {
        transfer::receive(&self.0, buf, Take::Peek, |inner, buf| inner.peek(buf))
    }

    /// Sets whether what is written is sent at once, instead of being gathered (Nagle's algorithm).
    pub fn set_nodelay(&self, nodelay: bool) -> io::Result<()> {
        self.0.inner().set_nodelay(nodelay)
    }

    /// Returns whether what is written is sent at once.
    pub fn nodelay(&self) -> io::Result<bool> {
        self.0.inner().nodelay()
    }

    /// Sets over how many routers a packet of this socket may go.
    pub fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        self.0.inner().set_ttl(ttl)
    }

    /// Returns over how many routers a packet of this socket may go.
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

    /// std's own, for what cannot block.
    #[cfg(target_os = "linux")]
    pub(crate) fn std(&self) -> &StdTcpStream {
        self.0.inner()
    }

    /// What a listener has accepted.
    pub(super) fn accepted(inner: StdTcpStream) -> TcpStream {
        TcpStream(Watched::fresh(inner))
    }
}

/// Connects to one address, as long as it takes, or until a deadline.
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
    // Not as the descriptor says: that it does not block meanwhile is the attempts' doing.
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

/// What makes the attempts to connect a socket: the first begins it, the others ask how it went.
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
                // It goes on all the same, and asking again would find it so.
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
                // Not yet: it was woken for no reason.
                io::ErrorKind::NotConnected => io::ErrorKind::WouldBlock.into(),
                _ => error,
            });
        }
        stream.set_nonblocking(false)?;
        Ok(0)
    }
}

/// Waits natively for a connection that a signal has interrupted on its way.
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
