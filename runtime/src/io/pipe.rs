//! [`pipe`] and its two ends.
//!
//! The only unsafe code is `FromRawFd`, with its SAFETY comment in `descriptor`.
#![allow(unsafe_code)]

use std::io;

use crate::descriptor::conversions::{descriptor_traits, from_raw_fd, into_stdio, std_conversions};
use crate::descriptor::watch::Watched;

/// Creates a pipe: bytes that are written to one end are read from the other.
///
/// # Errors
///
/// Returns the error of the system if the process has no descriptors left.
///
/// # Examples
///
/// ```
/// use std::io::{Read, Write};
/// use greenpatch::{io, thread};
///
/// let (mut reader, mut writer) = io::pipe()?;
/// let writing = thread::spawn(move || writer.write_all(b"through the pipe"));
/// assert_eq!(io::read_to_string(&mut reader)?, "through the pipe");
/// writing.join().unwrap()?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn pipe() -> io::Result<(PipeReader, PipeWriter)> {
    let (reader, writer) = io::pipe()?;
    Ok((
        PipeReader(Watched::fresh(reader)),
        PipeWriter(Watched::fresh(writer)),
    ))
}

/// The read end of a [`pipe`].
///
/// # Differences from std
///
/// It is not the type `std::io::PipeReader`, but converts from and into it.
pub struct PipeReader(Watched<io::PipeReader>);

/// The write end of a [`pipe`].
///
/// # Differences from std
///
/// It is not the type `std::io::PipeWriter`, but converts from and into it.
pub struct PipeWriter(Watched<io::PipeWriter>);

impl PipeReader {
    /// Returns another handle to the same end.
    ///
    /// # Errors
    ///
    /// Returns the error of the system if the process has no descriptors left.
    pub fn try_clone(&self) -> io::Result<Self> {
        self.0.try_clone(io::PipeReader::try_clone).map(Self)
    }
}

impl PipeWriter {
    /// Returns another handle to the same end.
    ///
    /// # Errors
    ///
    /// Returns the error of the system if the process has no descriptors left.
    pub fn try_clone(&self) -> io::Result<Self> {
        self.0.try_clone(io::PipeWriter::try_clone).map(Self)
    }
}

/// Implements `Read` for `$ours`, a tuple struct of the `Watched` end of a pipe.
macro_rules! reads_a_pipe {
    ($ours:ty) => {
        impl ::std::io::Read for $ours {
            fn read(&mut self, buf: &mut [u8]) -> ::std::io::Result<usize> {
                ::std::io::Read::read(&mut $crate::fs::Stream::of_pipe(&self.0), buf)
            }

            fn read_vectored(
                &mut self,
                bufs: &mut [::std::io::IoSliceMut<'_>],
            ) -> ::std::io::Result<usize> {
                let mut stream = $crate::fs::Stream::of_pipe(&self.0);
                ::std::io::Read::read_vectored(&mut stream, bufs)
            }
        }
    };
}
pub(crate) use reads_a_pipe;

/// Implements `Write` for `$ours`, a tuple struct of the `Watched` end of a pipe.
macro_rules! writes_a_pipe {
    ($ours:ty) => {
        impl ::std::io::Write for $ours {
            fn write(&mut self, buf: &[u8]) -> ::std::io::Result<usize> {
                ::std::io::Write::write(&mut $crate::fs::Stream::of_pipe(&self.0), buf)
            }

            fn write_vectored(
                &mut self,
                bufs: &[::std::io::IoSlice<'_>],
            ) -> ::std::io::Result<usize> {
                let mut stream = $crate::fs::Stream::of_pipe(&self.0);
                ::std::io::Write::write_vectored(&mut stream, bufs)
            }

            /// Does nothing: no bytes are buffered.
            fn flush(&mut self) -> ::std::io::Result<()> {
                Ok(())
            }
        }
    };
}
pub(crate) use writes_a_pipe;

reads_a_pipe!(PipeReader);
reads_a_pipe!(&PipeReader);
writes_a_pipe!(PipeWriter);
writes_a_pipe!(&PipeWriter);
std_conversions!(PipeReader, io::PipeReader);
std_conversions!(PipeWriter, io::PipeWriter);
descriptor_traits!(PipeReader, io::PipeReader);
descriptor_traits!(PipeWriter, io::PipeWriter);
into_stdio!(PipeReader, io::PipeReader);
from_raw_fd!(PipeReader);
into_stdio!(PipeWriter, io::PipeWriter);
from_raw_fd!(PipeWriter);
