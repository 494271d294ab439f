//! [`UnixListener`], and [`Incoming`].
#![forbid(unsafe_code)]

use std::io;
use std::os::unix::net::{SocketAddr, UnixListener as StdUnixListener};
use std::path::Path;

use super::stream::UnixStream;
use crate::descriptor::conversions::{descriptor_traits, std_conversions};
use crate::descriptor::watch::Watched;
use crate::net::transfer;

/// A Unix-domain socket that accepts connections.
///
/// A thread that accepts blocks until there is a connection: a green thread lets others run on its hub, a native one is
/// blocked by the operating system. The listener is closed when dropped.
///
/// # Differences from std
///
/// The same as for [`TcpListener`](crate::net::TcpListener).
///
/// # Examples
///
/// ```
/// use greenpatch::os::unix::net::{UnixListener, UnixStream};
///
/// let path = std::env::temp_dir().join(format!("greenpatch-doc-{}", std::process::id()));
/// let listener = UnixListener::bind(&path)?;
/// let client = UnixStream::connect(&path)?;
/// let (server, _) = listener.accept()?;
/// std::fs::remove_file(&path)?;
/// # drop((client, server));
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct UnixListener(Watched<StdUnixListener>);

descriptor_traits!(UnixListener, StdUnixListener);
std_conversions!(UnixListener, StdUnixListener);

/// An iterator over the connections that a listener accepts, which never ends.
#[derive(Debug)]
#[must_use = "iterators are lazy and do nothing unless consumed"]
pub struct Incoming<'a> {
    listener: &'a UnixListener,
}

impl UnixListener {
    /// Creates a listener that is bound to a path, which must not exist.
    pub fn bind<P: AsRef<Path>>(path: P) -> io::Result<UnixListener> {
        Ok(UnixListener(Watched::fresh(StdUnixListener::bind(path)?)))
    }

    /// Creates a listener that is bound to an address.
    pub fn bind_addr(socket_addr: &SocketAddr) -> io::Result<UnixListener> {
        let inner = StdUnixListener::bind_addr(socket_addr)?;
        Ok(UnixListener(Watched::fresh(inner)))
    }

    /// Accepts a connection and returns it with the address of the peer.
    ///
    /// # Errors
    ///
    /// The same as for [`TcpListener::accept`](crate::net::TcpListener::accept).
    pub fn accept(&self) -> io::Result<(UnixStream, SocketAddr)> {
        let (stream, address) = transfer::accept(&self.0, |inner| {
            let (stream, address) = inner.accept()?;
            transfer::as_made(&stream)?;
            Ok((stream, address))
        })?;
        Ok((UnixStream::accepted(stream), address))
    }

    /// Returns another handle to the same socket. Options that are set on one handle affect both.
    ///
    /// # Errors
    ///
    /// Returns the error of the system if the process has no descriptors left.
    pub fn try_clone(&self) -> io::Result<UnixListener> {
        Ok(UnixListener(self.0.try_clone(|inner| inner.try_clone())?))
    }

    /// Returns the local address of the socket.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.inner().local_addr()
    }

    /// Sets whether [`accept`](UnixListener::accept) fails with [`WouldBlock`](io::ErrorKind::WouldBlock) instead of waiting.
    ///
    /// # Differences from std
    ///
    /// Once patched, a green thread that gets `WouldBlock` a few times in a row yields.
    pub fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()> {
        self.0.set_nonblocking(nonblocking)
    }

    /// Returns the pending error of the socket, if there is one, and clears it.
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.0.take_error(StdUnixListener::take_error)
    }

    /// Returns an iterator over the connections that are accepted.
    pub fn incoming(&self) -> Incoming<'_> {
        Incoming { listener: self }
    }
}

impl<'a> IntoIterator for &'a UnixListener {
    type Item = io::Result<UnixStream>;
    type IntoIter = Incoming<'a>;

    fn into_iter(self) -> Incoming<'a> {
        self.incoming()
    }
}

impl Iterator for Incoming<'_> {
    type Item = io::Result<UnixStream>;

    fn next(&mut self) -> Option<io::Result<UnixStream>> {
        Some(self.listener.accept().map(|(stream, _)| stream))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (usize::MAX, None)
    }
}
