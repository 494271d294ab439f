//! [`UnixStream`].
#![forbid(unsafe_code)]

use std::io;
use std::net::Shutdown;
use std::os::unix::net::{SocketAddr, UnixStream as StdUnixStream};
use std::path::Path;

use super::connect;
use crate::descriptor::conversions::{descriptor_traits, std_conversions};
use crate::descriptor::watch::Watched;
use crate::net::transfer::Short;
use crate::net::{stream_traits, timeouts};

/// A Unix-domain stream socket.
///
/// A thread that reads, writes or connects blocks until the operation is complete: a green thread lets others run on its
/// hub, a native one is blocked by the operating system. The socket is closed when dropped.
///
/// It converts from and into the type of std, for crates that do not use greenpatch; see [the module](crate::net).
///
/// # Examples
///
/// ```
/// use std::io::{Read, Write};
/// use greenpatch::os::unix::net::UnixStream;
/// use greenpatch::thread;
///
/// let (mut ours, mut theirs) = UnixStream::pair()?;
/// let reader = thread::spawn(move || {
///     let mut text = String::new();
///     theirs.read_to_string(&mut text).map(|_| text)
/// });
/// ours.write_all(b"hello")?;
/// drop(ours);
/// assert_eq!(reader.join().unwrap()?, "hello");
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct UnixStream(Watched<StdUnixStream>);

descriptor_traits!(UnixStream, StdUnixStream);
std_conversions!(UnixStream, StdUnixStream);
timeouts!(UnixStream, "read", "write");

impl UnixStream {
    /// Connects to the socket at a path.
    pub fn connect<P: AsRef<Path>>(path: P) -> io::Result<UnixStream> {
        UnixStream::connect_addr(&SocketAddr::from_pathname(path)?)
    }

    /// Connects to the socket with an address.
    pub fn connect_addr(socket_addr: &SocketAddr) -> io::Result<UnixStream> {
        Ok(UnixStream(connect::connect(socket_addr)?))
    }

    /// Creates a pair of sockets that are connected to each other.
    ///
    /// # Errors
    ///
    /// Returns the error of the system if the process has no descriptors left.
    pub fn pair() -> io::Result<(UnixStream, UnixStream)> {
        let (one, other) = StdUnixStream::pair()?;
        Ok((
            UnixStream(Watched::fresh(one)),
            UnixStream(Watched::fresh(other)),
        ))
    }

    /// Returns another handle to the same socket. Options that are set on one handle affect both.
    ///
    /// # Errors
    ///
    /// Returns the error of the system if the process has no descriptors left.
    pub fn try_clone(&self) -> io::Result<UnixStream> {
        Ok(UnixStream(self.0.try_clone(|inner| inner.try_clone())?))
    }

    /// Returns the local address of the socket.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.inner().local_addr()
    }

    /// Returns the address of the peer.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.0.inner().peer_addr()
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
        self.0.take_error(StdUnixStream::take_error)
    }

    /// Shuts down the read half, the write half, or both, for all handles to the socket. Ends operations that are waiting.
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.0.inner().shutdown(how)
    }

    /// Creates a stream from a connection that a listener has accepted.
    pub(super) fn accepted(inner: StdUnixStream) -> UnixStream {
        UnixStream(Watched::fresh(inner))
    }
}

stream_traits!(UnixStream, Short::IsNothing);
