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
/// It is not the type `std::fs::File`, but converts from and into it. `Read`, `Write` and `Seek` are there
/// for `File` and `&File`, and not for `Arc<File>`: use `&*file`. `std::io::copy` goes through a buffer.
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
    /// Opens a file to read it.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn open<P: AsRef<Path>>(path: P) -> io::Result<File> {
        let path = path.as_ref();
        call(|| std::fs::File::open(path)).map(File)
    }

    /// Opens a file to write it, which is made, or emptied first.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn create<P: AsRef<Path>>(path: P) -> io::Result<File> {
        let path = path.as_ref();
        call(|| std::fs::File::create(path)).map(File)
    }

    /// Makes a file, which must not be there, to read and write it.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn create_new<P: AsRef<Path>>(path: P) -> io::Result<File> {
        let path = path.as_ref();
        call(|| std::fs::File::create_new(path)).map(File)
    }

    /// Waits until what was written, and what is known of it, is on the disk.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn sync_all(&self) -> io::Result<()> {
        call(|| self.0.sync_all())
    }

    /// Waits until what was written is on the disk.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn sync_data(&self) -> io::Result<()> {
        call(|| self.0.sync_data())
    }

    /// Cuts the file, or fills it up with zeros.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn set_len(&self, size: u64) -> io::Result<()> {
        call(|| self.0.set_len(size))
    }

    /// What the system knows of the file.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn metadata(&self) -> io::Result<Metadata> {
        call(|| self.0.metadata())
    }

    /// Changes who may do what with the file.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn set_permissions(&self, perm: Permissions) -> io::Result<()> {
        call(|| self.0.set_permissions(perm))
    }

    /// Changes the times of the file.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn set_times(&self, times: FileTimes) -> io::Result<()> {
        call(|| self.0.set_times(times))
    }

    /// Changes when the file was modified.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn set_modified(&self, time: SystemTime) -> io::Result<()> {
        call(|| self.0.set_modified(time))
    }

    /// Lets go of the locks that were taken through this handle, or through one cloned from it.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn unlock(&self) -> io::Result<()> {
        // In place always: it does not wait, and others may wait for it.
        self.0.unlock()
    }

    /// Takes the file's lock for itself alone, and waits until that is possible.
    ///
    /// # Differences from std
    ///
    /// None. A green thread waits on a helper thread, also where files are read in place.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn lock(&self) -> io::Result<()> {
        match self.0.try_lock() {
            Ok(()) => Ok(()),
            Err(TryLockError::WouldBlock) => self.wait_for_lock(false, || self.0.lock()),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// Takes the file's lock for itself alone, if that is possible now.
    ///
    /// # Errors
    ///
    /// If another has it; and what the system says.
    pub fn try_lock(&self) -> Result<(), TryLockError> {
        self.0.try_lock()
    }

    /// Takes the file's lock to share it, and waits until that is possible.
    ///
    /// # Differences from std
    ///
    /// None. A green thread waits on a helper thread, also where files are read in place.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn lock_shared(&self) -> io::Result<()> {
        match self.0.try_lock_shared() {
            Ok(()) => Ok(()),
            Err(TryLockError::WouldBlock) => self.wait_for_lock(true, || self.0.lock_shared()),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// Takes the file's lock to share it, if that is possible now.
    ///
    /// # Errors
    ///
    /// If another has it; and what the system says.
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

    /// Another handle to the same open file, with the same position in it.
    ///
    /// # Errors
    ///
    /// What the system says.
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

    /// Has nothing to do: nothing is held back.
    fn flush(&mut self) -> io::Result<()> {
        (&self.0).flush()
    }
}

impl Seek for &File {
    /// In place always: only the end of a file has to be looked up.
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
