//! Operations on files by path.
#![forbid(unsafe_code)]

use std::fs::{Metadata, Permissions, ReadDir};
use std::io;
use std::path::{Path, PathBuf};

use super::{call, open};

/// Reads the entire content of a file.
///
/// # Errors
///
/// Returns the error of the system.
pub fn read<P: AsRef<Path>>(path: P) -> io::Result<Vec<u8>> {
    let path = path.as_ref();
    open(path, || std::fs::read(path))
}

/// Reads the entire content of a file as a string, which must be UTF-8.
///
/// # Errors
///
/// Returns the error of the system.
pub fn read_to_string<P: AsRef<Path>>(path: P) -> io::Result<String> {
    let path = path.as_ref();
    open(path, || std::fs::read_to_string(path))
}

/// Removes a file.
///
/// # Errors
///
/// Returns the error of the system.
pub fn remove_file<P: AsRef<Path>>(path: P) -> io::Result<()> {
    let path = path.as_ref();
    call(|| std::fs::remove_file(path))
}

/// Returns the metadata of a file. Symbolic links are followed.
///
/// # Errors
///
/// Returns the error of the system.
pub fn metadata<P: AsRef<Path>>(path: P) -> io::Result<Metadata> {
    let path = path.as_ref();
    call(|| std::fs::metadata(path))
}

/// Returns the metadata of a file. Symbolic links are not followed.
///
/// # Errors
///
/// Returns the error of the system.
pub fn symlink_metadata<P: AsRef<Path>>(path: P) -> io::Result<Metadata> {
    let path = path.as_ref();
    call(|| std::fs::symlink_metadata(path))
}

/// Returns the target of a symbolic link.
///
/// # Errors
///
/// Returns the error of the system.
pub fn read_link<P: AsRef<Path>>(path: P) -> io::Result<PathBuf> {
    let path = path.as_ref();
    call(|| std::fs::read_link(path))
}

/// Returns the absolute path of a file, with all symbolic links resolved.
///
/// # Errors
///
/// Returns the error of the system.
pub fn canonicalize<P: AsRef<Path>>(path: P) -> io::Result<PathBuf> {
    let path = path.as_ref();
    call(|| std::fs::canonicalize(path))
}

/// Creates a directory.
///
/// # Errors
///
/// Returns the error of the system.
pub fn create_dir<P: AsRef<Path>>(path: P) -> io::Result<()> {
    let path = path.as_ref();
    call(|| std::fs::create_dir(path))
}

/// Creates a directory and its parents, as far as they are missing.
///
/// # Errors
///
/// Returns the error of the system.
pub fn create_dir_all<P: AsRef<Path>>(path: P) -> io::Result<()> {
    let path = path.as_ref();
    call(|| std::fs::create_dir_all(path))
}

/// Removes an empty directory.
///
/// # Errors
///
/// Returns the error of the system.
pub fn remove_dir<P: AsRef<Path>>(path: P) -> io::Result<()> {
    let path = path.as_ref();
    call(|| std::fs::remove_dir(path))
}

/// Removes a directory with all of its content.
///
/// # Errors
///
/// Returns the error of the system.
pub fn remove_dir_all<P: AsRef<Path>>(path: P) -> io::Result<()> {
    let path = path.as_ref();
    call(|| std::fs::remove_dir_all(path))
}

/// Returns an iterator over the entries of a directory. They are read in place, a few hundred with each system call.
///
/// # Errors
///
/// Returns the error of the system.
pub fn read_dir<P: AsRef<Path>>(path: P) -> io::Result<ReadDir> {
    let path = path.as_ref();
    call(|| std::fs::read_dir(path))
}

/// Returns whether the path exists. A broken symbolic link does not count.
///
/// # Errors
///
/// Returns the error of the system.
pub fn exists<P: AsRef<Path>>(path: P) -> io::Result<bool> {
    let path = path.as_ref();
    call(|| std::fs::exists(path))
}

/// Renames a file, and replaces one that has the new name already.
///
/// # Errors
///
/// Returns the error of the system.
pub fn rename<P: AsRef<Path>, Q: AsRef<Path>>(from: P, to: Q) -> io::Result<()> {
    let (from, to) = (from.as_ref(), to.as_ref());
    call(|| std::fs::rename(from, to))
}

/// Copies the content and the permissions of a file. Returns the number of bytes copied.
///
/// # Errors
///
/// Returns the error of the system.
pub fn copy<P: AsRef<Path>, Q: AsRef<Path>>(from: P, to: Q) -> io::Result<u64> {
    let (from, to) = (from.as_ref(), to.as_ref());
    open(from, || open(to, || std::fs::copy(from, to)))
}

/// Creates a hard link to a file.
///
/// # Errors
///
/// Returns the error of the system.
pub fn hard_link<P: AsRef<Path>, Q: AsRef<Path>>(original: P, link: Q) -> io::Result<()> {
    let (original, link) = (original.as_ref(), link.as_ref());
    call(|| std::fs::hard_link(original, link))
}

/// Creates a symbolic link.
///
/// # Errors
///
/// Returns the error of the system.
#[deprecated(note = "replaced with std::os::unix::fs::symlink and \
            std::os::windows::fs::{symlink_file, symlink_dir}")]
pub fn soft_link<P: AsRef<Path>, Q: AsRef<Path>>(original: P, link: Q) -> io::Result<()> {
    let (original, link) = (original.as_ref(), link.as_ref());
    #[expect(deprecated, reason = "so is this")]
    let soft_link = || std::fs::soft_link(original, link);
    call(soft_link)
}

/// Writes a slice as the entire content of a file, which is created or replaced.
///
/// # Errors
///
/// Returns the error of the system.
pub fn write<P: AsRef<Path>, C: AsRef<[u8]>>(path: P, contents: C) -> io::Result<()> {
    let (path, contents) = (path.as_ref(), contents.as_ref());
    open(path, || std::fs::write(path, contents))
}

/// Changes the permissions of a file.
///
/// # Errors
///
/// Returns the error of the system.
pub fn set_permissions<P: AsRef<Path>>(path: P, perm: Permissions) -> io::Result<()> {
    let path = path.as_ref();
    call(|| std::fs::set_permissions(path, perm))
}
