//! Networking functionality that is specific to Linux, with the API of [`std::os::linux::net`].
//!
//! Items that are not listed here are re-exported from std. Every item behaves as std's, unless a section *Differences
//! from std* says otherwise.

#[doc(no_inline)]
pub use ::std::os::linux::net::*;

use std::io;

use crate::net::TcpStream;

/// Linux-specific extensions to [`TcpStream`].
///
/// # Differences from std
///
/// It is not std's trait, which is sealed.
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
    /// Sets whether received segments are acknowledged immediately (`TCP_QUICKACK`). Linux may reset the option later.
    fn set_quickack(&self, quickack: bool) -> io::Result<()>;

    /// Returns whether received segments are acknowledged immediately (`TCP_QUICKACK`).
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
    /// Implemented for `TcpStream` alone.
    pub trait Sealed {}

    impl Sealed for crate::net::TcpStream {}
}
