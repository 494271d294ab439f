//! Networking that is there on Linux only: the shape of `std::os::linux::net`.

#[doc(no_inline)]
pub use ::std::os::linux::net::*;

use std::io;

use crate::net::TcpStream;

/// What Linux has for a [`TcpStream`] beyond the rest.
///
/// # Differences from std
///
/// It is a trait of its own, since std's is sealed.
///
/// # Examples
///
/// ```
/// use greenpatch::net::{TcpListener, TcpStream};
/// use greenpatch::os::linux::net::TcpStreamExt;
///
/// let listener = TcpListener::bind("127.0.0.1:0")?;
/// let stream = TcpStream::connect(listener.local_addr()?)?;
/// stream.set_quickack(true)?;
/// assert!(stream.quickack()?);
/// # Ok::<(), std::io::Error>(())
/// ```
pub trait TcpStreamExt: sealed::Sealed {
    /// Sets whether what was received is acknowledged at once (`TCP_QUICKACK`). Linux may take that
    /// back later.
    fn set_quickack(&self, quickack: bool) -> io::Result<()>;

    /// Returns whether what was received is acknowledged at once.
    fn quickack(&self) -> io::Result<bool>;
}

impl TcpStreamExt for TcpStream {
    fn set_quickack(&self, quickack: bool) -> io::Result<()> {
        ::std::os::linux::net::TcpStreamExt::set_quickack(self.std(), quickack)
    }

    fn quickack(&self) -> io::Result<bool> {
        ::std::os::linux::net::TcpStreamExt::quickack(self.std())
    }
}

mod sealed {
    /// Implemented here alone.
    pub trait Sealed {}

    impl Sealed for crate::net::TcpStream {}
}
