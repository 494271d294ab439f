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

use super::call;
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
pub struct File(std::fs::File);

impl File {
    /// Opens a file for reading.
    ///
    /// # Errors
    ///
    /// Returns the error of the system.
    pub fn open<P: AsRef<Path>>(path: P) -> io::Result<File> {
        let path = path.as_ref();
        call(|| std::fs::File::open(path)).map(File)
    }

    /// Opens a file for writing. It is created if it does not exist, and truncated if it does.
    ///
    /// # Errors
    ///
    /// Returns the error of the system.
    pub fn create<P: AsRef<Path>>(path: P) -> io::Result<File> {
        let path = path.as_ref();
        call(|| std::fs::File::create(path)).map(File)
    }

    /// Creates a file for reading and writing; fails if it exists.
    ///
    /// # Errors
    ///
    /// Returns the error of the system.
    pub fn create_new<P: AsRef<Path>>(path: P) -> io::Result<File> {
        let path = path.as_ref();
        call(|| std::fs::File::create_new(path)).map(File)
    }

    /// Blocks until the content and the metadata of the file are on the disk.
    ///
    /// # Errors
    ///
    /// Returns the error of the system.
    pub fn sync_all(&self) -> io::Result<()> {
        call(|| self.0.sync_all())
    }

    /// Blocks until the content of the file is on the disk.
    ///
    /// # Errors
    ///
    /// Returns the error of the system.
    pub fn sync_data(&self) -> io::Result<()> {
        call(|| self.0.sync_data())
    }

    /// Truncates the file, or extends it with zeros.
    ///
    /// # Errors
    ///
    /// Returns the error of the system.
    pub fn set_len(&self, size: u64) -> io::Result<()> {
        call(|| self.0.set_len(size))
    }

    /// Returns the metadata of the file.
    ///
    /// # Errors
    ///
    /// Returns the error of the system.
    pub fn metadata(&self) -> io::Result<Metadata> {
        call(|| self.0.metadata())
    }

    /// Changes the permissions of the file.
    ///
    /// # Errors
    ///
    /// Returns the error of the system.
    pub fn set_permissions(&self, perm: Permissions) -> io::Result<()> {
        call(|| self.0.set_permissions(perm))
    }

    /// Changes the times of the file.
    ///
    /// # Errors
    ///
    /// Returns the error of the system.
    pub fn set_times(&self, times: FileTimes) -> io::Result<()> {
        call(|| self.0.set_times(times))
    }

    /// Changes the modification time of the file.
    ///
    /// # Errors
    ///
    /// Returns the error of the system.
    pub fn set_modified(&self, time: SystemTime) -> io::Result<()> {
        call(|| self.0.set_modified(time))
    }

    /// Releases the locks that were acquired through this handle, or through one cloned from it.
    ///
    /// # Errors
    ///
    /// Returns the error of the system.
    pub fn unlock(&self) -> io::Result<()> {
        // Always in place: it does not block, and other threads may wait for the lock.
        self.0.unlock()
    }

    /// Acquires an exclusive lock on the file; blocks until that is possible.
    ///
    /// A green thread waits on a helper thread, even if files are accessed in place.
    ///
    /// # Errors
    ///
    /// Returns the error of the system.
    pub fn lock(&self) -> io::Result<()> {
        match self.0.try_lock() {
            Ok(()) => Ok(()),
            Err(TryLockError::WouldBlock) => self.wait_for_lock(false, || self.0.lock()),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// Acquires an exclusive lock on the file, if that is possible without blocking.
    ///
    /// # Errors
    ///
    /// Returns `WouldBlock` if a conflicting lock is held through another handle, otherwise the error of the system.
    pub fn try_lock(&self) -> Result<(), TryLockError> {
        self.0.try_lock()
    }

    /// Acquires a shared lock on the file; blocks until that is possible.
    ///
    /// A green thread waits on a helper thread, even if files are accessed in place.
    ///
    /// # Errors
    ///
    /// Returns the error of the system.
    pub fn lock_shared(&self) -> io::Result<()> {
        match self.0.try_lock_shared() {
            Ok(()) => Ok(()),
            Err(TryLockError::WouldBlock) => self.wait_for_lock(true, || self.0.lock_shared()),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// Acquires a shared lock on the file, if that is possible without blocking.
    ///
    /// # Errors
    ///
    /// Returns `WouldBlock` if a conflicting lock is held through another handle, otherwise the error of the system.
    pub fn try_lock_shared(&self) -> Result<(), TryLockError> {
        self.0.try_lock_shared()
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

impl Read for &File {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        call(|| (&self.0).read(buf))
    }

    fn read_vectored(&mut self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        call(|| (&self.0).read_vectored(bufs))
    }

    fn read_to_end(&mut self, buf: &mut Vec<u8>) -> io::Result<usize> {
        call(|| (&self.0).read_to_end(buf))
    }

    fn read_to_string(&mut self, buf: &mut String) -> io::Result<usize> {
        call(|| (&self.0).read_to_string(buf))
    }

    fn read_exact(&mut self, buf: &mut [u8]) -> io::Result<()> {
        call(|| (&self.0).read_exact(buf))
    }
}

impl Write for &File {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        call(|| (&self.0).write(buf))
    }

    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        call(|| (&self.0).write_vectored(bufs))
    }

    fn write_all(&mut self, buf: &[u8]) -> io::Result<()> {
        call(|| (&self.0).write_all(buf))
    }

    /// Does nothing: no bytes are buffered.
    fn flush(&mut self) -> io::Result<()> {
        (&self.0).flush()
    }
}

impl Seek for &File {
    /// Always in place: at most the length of the file is looked up.
    fn seek(&mut self, pos: SeekFrom) -> io::Result<u64> {
        (&self.0).seek(pos)
    }

    fn stream_position(&mut self) -> io::Result<u64> {
        (&self.0).stream_position()
    }
}

impl Read for File {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        (&*self).read(buf)
    }

    fn read_vectored(&mut self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        (&*self).read_vectored(bufs)
    }

    fn read_to_end(&mut self, buf: &mut Vec<u8>) -> io::Result<usize> {
        (&*self).read_to_end(buf)
    }

    fn read_to_string(&mut self, buf: &mut String) -> io::Result<usize> {
        (&*self).read_to_string(buf)
    }

    fn read_exact(&mut self, buf: &mut [u8]) -> io::Result<()> {
        (&*self).read_exact(buf)
    }
}

impl Write for File {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        (&*self).write(buf)
    }

    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        (&*self).write_vectored(bufs)
    }

    fn write_all(&mut self, buf: &[u8]) -> io::Result<()> {
        (&*self).write_all(buf)
    }

    fn flush(&mut self) -> io::Result<()> {
        (&*self).flush()
    }
}

impl Seek for File {
    fn seek(&mut self, pos: SeekFrom) -> io::Result<u64> {
        (&*self).seek(pos)
    }

    fn stream_position(&mut self) -> io::Result<u64> {
        (&*self).stream_position()
    }
}

impl FileExt for File {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        call(|| self.0.read_at(buf, offset))
    }

    fn read_exact_at(&self, buf: &mut [u8], offset: u64) -> io::Result<()> {
        call(|| self.0.read_exact_at(buf, offset))
    }

    fn write_at(&self, buf: &[u8], offset: u64) -> io::Result<usize> {
        call(|| self.0.write_at(buf, offset))
    }

    fn write_all_at(&self, buf: &[u8], offset: u64) -> io::Result<()> {
        call(|| self.0.write_all_at(buf, offset))
    }
}

impl From<std::fs::File> for File {
    fn from(std: std::fs::File) -> File {
        File(std)
    }
}

impl From<File> for std::fs::File {
    fn from(ours: File) -> std::fs::File {
        ours.0
    }
}

descriptor_traits!(File, std::fs::File);
into_stdio!(File, std::fs::File);
from_raw_fd!(File);
