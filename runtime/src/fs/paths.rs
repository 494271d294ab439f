//! What is done to files by their paths.
#![forbid(unsafe_code)]

use std::fs::{Metadata, Permissions, ReadDir};
use std::io;
use std::path::{Path, PathBuf};

use super::{call, open};

/// Reads a whole file.
///
/// # Errors
///
/// Returns the error of the system.
pub fn read<P: AsRef<Path>>(path: P) -> io::Result<Vec<u8>> {
    let path = path.as_ref();
    open(path, || std::fs::read(path))
}

/// Reads a whole file, which must be UTF-8.
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

/// What the system knows of a file, or of what a symbolic link leads to.
///
/// # Errors
///
/// Returns the error of the system.
pub fn metadata<P: AsRef<Path>>(path: P) -> io::Result<Metadata> {
    let path = path.as_ref();
    call(|| std::fs::metadata(path))
}

/// What the system knows of a file, or of a symbolic link itself.
///
/// # Errors
///
/// Returns the error of the system.
pub fn symlink_metadata<P: AsRef<Path>>(path: P) -> io::Result<Metadata> {
    let path = path.as_ref();
    call(|| std::fs::symlink_metadata(path))
}

/// Reads where a symbolic link leads.
///
/// # Errors
///
/// Returns the error of the system.
pub fn read_link<P: AsRef<Path>>(path: P) -> io::Result<PathBuf> {
    let path = path.as_ref();
    call(|| std::fs::read_link(path))
}

/// The absolute path, without symbolic links.
///
/// # Errors
///
/// Returns the error of the system.
pub fn canonicalize<P: AsRef<Path>>(path: P) -> io::Result<PathBuf> {
    let path = path.as_ref();
    call(|| std::fs::canonicalize(path))
}

/// Makes a directory.
///
/// # Errors
///
/// Returns the error of the system.
pub fn create_dir<P: AsRef<Path>>(path: P) -> io::Result<()> {
    let path = path.as_ref();
    call(|| std::fs::create_dir(path))
}

/// Makes a directory, and those above it that are not there.
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

/// Removes a directory and all that is in it.
///
/// # Errors
///
/// Returns the error of the system.
pub fn remove_dir_all<P: AsRef<Path>>(path: P) -> io::Result<()> {
    let path = path.as_ref();
    call(|| std::fs::remove_dir_all(path))
}

/// Opens a directory. Its entries are then read in place, a few hundred with each call to the system.
///
/// # Errors
///
/// Returns the error of the system.
pub fn read_dir<P: AsRef<Path>>(path: P) -> io::Result<ReadDir> {
    let path = path.as_ref();
    call(|| std::fs::read_dir(path))
}

/// Whether something is there; a symbolic link must lead to something.
///
/// # Errors
///
/// Returns the error of the system.
pub fn exists<P: AsRef<Path>>(path: P) -> io::Result<bool> {
    let path = path.as_ref();
    call(|| std::fs::exists(path))
}

/// Gives a file another name; what has it is replaced.
///
/// # Errors
///
/// Returns the error of the system.
pub fn rename<P: AsRef<Path>, Q: AsRef<Path>>(from: P, to: Q) -> io::Result<()> {
    let (from, to) = (from.as_ref(), to.as_ref());
    call(|| std::fs::rename(from, to))
}

/// Copies the content and the permissions of a file; says how many bytes.
///
/// # Errors
///
/// Returns the error of the system.
pub fn copy<P: AsRef<Path>, Q: AsRef<Path>>(from: P, to: Q) -> io::Result<u64> {
    let (from, to) = (from.as_ref(), to.as_ref());
    open(from, || open(to, || std::fs::copy(from, to)))
}

/// Gives a file another name, which counts as much.
///
/// # Errors
///
/// Returns the error of the system.
pub fn hard_link<P: AsRef<Path>, Q: AsRef<Path>>(original: P, link: Q) -> io::Result<()> {
    let (original, link) = (original.as_ref(), link.as_ref());
    call(|| std::fs::hard_link(original, link))
}

/// Makes a symbolic link.
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

/// Writes a whole file, which is made, or emptied first.
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
