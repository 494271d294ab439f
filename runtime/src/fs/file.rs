//! [`File`].
//!
//! The only unsafe code is `FromRawFd`, with its SAFETY comment in `descriptor`.
#![allow(unsafe_code)]

use std::fs::{FileTimes, Metadata, Permissions, TryLockError};
use std::io::{self, IoSlice, IoSliceMut, Read, Seek, SeekFrom, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::SystemTime;

use super::handle::Handle;
use super::{call, open};
use crate::descriptor::conversions::{descriptor_traits, from_raw_fd, into_stdio};
use crate::seam::offload::{self, Call};

/// An open file.
///
/// # Differences from std
///
/// It is not the type `std::fs::File`, but converts from and into it. `Read`, `Write` and `Seek` are implemented for
/// `File` and `&File`, but not for `Arc<File>`: use `&*file`. `std::io::copy` goes through a buffer.
///
/// # Examples
///
/// ```
/// use std::io::{Read, Seek, Write};
/// use greenpatch::fs::{self, File};
///
/// let path = std::env::temp_dir().join(format!("greenpatch-file-{}", std::process::id()));
/// let mut file = File::options().read(true).write(true).create(true).truncate(true).open(&path)?;
/// file.write_all(b"there and back")?;
/// file.rewind()?;
/// let mut content = String::new();
/// file.read_to_string(&mut content)?;
/// assert_eq!(content, "there and back");
/// fs::remove_file(path)?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct File(Handle);

impl File {
    /// Opens a file for reading.
    ///
    /// # Errors
    ///
    /// Returns the error of the system.
    pub fn open<P: AsRef<Path>>(path: P) -> io::Result<File> {
        let path = path.as_ref();
        open(path, || std::fs::File::open(path)).map(File::from)
    }

    /// Opens a file for writing. It is created if it does not exist, and truncated if it does.
    ///
    /// # Errors
    ///
    /// Returns the error of the system.
    pub fn create<P: AsRef<Path>>(path: P) -> io::Result<File> {
        let path = path.as_ref();
        open(path, || std::fs::File::create(path)).map(File::from)
    }

    /// Creates a file for reading and writing; fails if it exists.
    ///
    /// # Errors
    ///
    /// Returns the error of the system.
    pub fn create_new<P: AsRef<Path>>(path: P) -> io::Result<File> {
        let path = path.as_ref();
        call(|| std::fs::File::create_new(path)).map(File::from)
    }

    /// Blocks until the content and the metadata of the file are on the disk.
    ///
    /// # Errors
    ///
    /// Returns the error of the system.
    pub fn sync_all(&self) -> io::Result<()> {
        call(|| self.0.file().sync_all())
    }

    /// Blocks until the content of the file is on the disk.
    ///
    /// # Errors
    ///
    /// Returns the error of the system.
    pub fn sync_data(&self) -> io::Result<()> {
        call(|| self.0.file().sync_data())
    }

    /// Truncates the file, or extends it with zeros.
    ///
    /// # Errors
    ///
    /// Returns the error of the system.
    pub fn set_len(&self, size: u64) -> io::Result<()> {
        call(|| self.0.file().set_len(size))
    }

    /// Returns the metadata of the file.
    ///
    /// # Errors
    ///
    /// Returns the error of the system.
    pub fn metadata(&self) -> io::Result<Metadata> {
        call(|| self.0.file().metadata())
    }

    /// Changes the permissions of the file.
    ///
    /// # Errors
    ///
    /// Returns the error of the system.
    pub fn set_permissions(&self, perm: Permissions) -> io::Result<()> {
        call(|| self.0.file().set_permissions(perm))
    }

    /// Changes the times of the file.
    ///
    /// # Errors
    ///
    /// Returns the error of the system.
    pub fn set_times(&self, times: FileTimes) -> io::Result<()> {
        call(|| self.0.file().set_times(times))
    }

    /// Changes the modification time of the file.
    ///
    /// # Errors
    ///
    /// Returns the error of the system.
    pub fn set_modified(&self, time: SystemTime) -> io::Result<()> {
        call(|| self.0.file().set_modified(time))
    }

    /// Releases the locks that were acquired through this handle, or through one cloned from it.
    ///
    /// # Errors
    ///
    /// Returns the error of the system.
    pub fn unlock(&self) -> io::Result<()> {
        // Always in place: it does not block, and other threads may be waiting for the lock.
        self.0.file().unlock()
    }

    /// Acquires an exclusive lock on the file; blocks until that is possible.
    ///
    /// A green thread waits on a helper thread, even if files are accessed in place.
    ///
    /// # Errors
    ///
    /// Returns the error of the system.
    pub fn lock(&self) -> io::Result<()> {
        match self.0.file().try_lock() {
            Ok(()) => Ok(()),
            Err(TryLockError::WouldBlock) => self.wait_for_lock(false, || self.0.file().lock()),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// Acquires an exclusive lock on the file, if that is possible without blocking.
    ///
    /// # Errors
    ///
    /// Returns `WouldBlock` if a conflicting lock is held through another handle, otherwise the error of the system.
    pub fn try_lock(&self) -> Result<(), TryLockError> {
        self.0.file().try_lock()
    }

    /// Acquires a shared lock on the file; blocks until that is possible.
    ///
    /// A green thread waits on a helper thread, even if files are accessed in place.
    ///
    /// # Errors
    ///
    /// Returns the error of the system.
    pub fn lock_shared(&self) -> io::Result<()> {
        match self.0.file().try_lock_shared() {
            Ok(()) => Ok(()),
            Err(TryLockError::WouldBlock) => {
                self.wait_for_lock(true, || self.0.file().lock_shared())
            }
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// Acquires a shared lock on the file, if that is possible without blocking.
    ///
    /// # Errors
    ///
    /// Returns `WouldBlock` if a conflicting lock is held through another handle, otherwise the error of the system.
    pub fn try_lock_shared(&self) -> Result<(), TryLockError> {
        self.0.file().try_lock_shared()
    }

    fn wait_for_lock(
        &self,
        shared: bool,
        lock: impl FnOnce() -> io::Result<()> + Send,
    ) -> io::Result<()> {
        let seam = |call: Call<'_>| offload::file_lock(self.0.as_fd(), shared, call);
        offload::run(seam, lock)
    }

    /// Returns another handle to the same open file, which shares the position in it.
    ///
    /// # Errors
    ///
    /// Returns the error of the system.
    pub fn try_clone(&self) -> io::Result<File> {
        self.0.try_clone().map(File)
    }
}

/// Defines methods that transfer: on the stream that the file is, or on a file in storage.
macro_rules! transfers {
    ($($name:ident($buf:ty) -> $moved:ty),* $(,)?) => {
        $(
            fn $name(&mut self, buf: $buf) -> io::Result<$moved> {
                let handle = &self.0;
                call(move || match handle.stream() {
                    Some(mut stream) => stream.$name(buf),
                    None => handle.file().$name(buf),
                })
            }
        )*
    };
}

/// Implements `Read`, `Write` and `Seek` for `File`, or for a shared reference to one.
macro_rules! transfer_traits {
    ($ours:ty) => {
        impl Read for $ours {
            transfers! {
                read(&mut [u8]) -> usize,
                read_vectored(&mut [IoSliceMut<'_>]) -> usize,
                read_to_end(&mut Vec<u8>) -> usize,
                read_to_string(&mut String) -> usize,
                read_exact(&mut [u8]) -> (),
            }
        }

        impl Write for $ours {
            transfers! {
                write(&[u8]) -> usize,
                write_vectored(&[IoSlice<'_>]) -> usize,
                write_all(&[u8]) -> (),
            }

            /// Does nothing: no bytes are buffered.
            fn flush(&mut self) -> io::Result<()> {
                self.0.file().flush()
            }
        }

        impl Seek for $ours {
            /// Always in place: at most the length of the file is looked up.
            fn seek(&mut self, pos: SeekFrom) -> io::Result<u64> {
                self.0.file().seek(pos)
            }

            fn stream_position(&mut self) -> io::Result<u64> {
                self.0.file().stream_position()
            }
        }
    };
}

transfer_traits!(File);
transfer_traits!(&File);

impl FileExt for File {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        call(|| self.0.file().read_at(buf, offset))
    }

    fn read_exact_at(&self, buf: &mut [u8], offset: u64) -> io::Result<()> {
        call(|| self.0.file().read_exact_at(buf, offset))
    }

    fn write_at(&self, buf: &[u8], offset: u64) -> io::Result<usize> {
        call(|| self.0.file().write_at(buf, offset))
    }

    fn write_all_at(&self, buf: &[u8], offset: u64) -> io::Result<()> {
        call(|| self.0.file().write_all_at(buf, offset))
    }
}

impl From<std::fs::File> for File {
    fn from(std: std::fs::File) -> File {
        File(Handle::new(std))
    }
}

impl From<File> for std::fs::File {
    fn from(ours: File) -> std::fs::File {
        ours.0.into_inner()
    }
}

descriptor_traits!(File, std::fs::File);
into_stdio!(File, std::fs::File);
from_raw_fd!(File);
