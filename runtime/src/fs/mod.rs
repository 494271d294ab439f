// Layer: facade, std-shaped.
// Called by: users; `io`, for `IsTerminal` of a file and for the transfers on pipes.
// Calls: `seam`, `descriptor`.
// Never: names a hub, or asks whether it is green.

//! Files, accessed in place, or on helper threads once patched, with the API of [`std::fs`].
//!
//! Items that are not listed here are re-exported from std. Every item behaves as std's, unless a section *Differences
//! from std* says otherwise. The entries of a directory are always read in place.
//!
//! # In place, or on another thread
//!
//! Files have no non-blocking form of reading: the OS always reports them as ready. Once
//! [`patch_fs`](crate::patch_fs) has been called, each operation is made by a helper thread while the green thread waits.
//!
//! [`patch_all`](crate::patch_all) leaves that out unless [`Patcher::fs`](crate::Patcher::fs) turns it on. Most reads
//! are served from the page cache, and then the way to a helper and back costs more than the read: 4 KiB of an open
//! file took 1.2 µs in place and 13.7 µs on a helper, opening and reading a file of 4 KiB 13 µs and 23 µs
//! (`benches/files.rs`, two busy cores). Eight threads that read at once gained nothing from helpers, either. Turn it on
//! for disks and network file systems on which a read takes milliseconds, in which other green threads could run.
//!
//! # Pipes, terminals and devices
//!
//! A [`File`] may also be a pipe, a socket, a terminal or a device. Transfers on these wait for another party, and are not
//! made in place: once [`patch_process`](crate::patch_process) has been called, or [`patch_net`](crate::patch_net) for a socket, a green
//! thread that reads or writes one lets others run. A helper thread opens a named pipe, which blocks until its other end
//! is opened.

#[doc(no_inline)]
pub use ::std::fs::*;

mod dir_builder;
mod file;
mod handle;
mod open_options;
mod paths;
mod stream;

pub use dir_builder::DirBuilder;
pub use file::File;
pub use open_options::OpenOptions;
pub use paths::{
    canonicalize, copy, create_dir, create_dir_all, exists, hard_link, metadata, read, read_dir,
    read_link, read_to_string, remove_dir, remove_dir_all, remove_file, rename, set_permissions,
    symlink_metadata, write,
};
pub(crate) use stream::Stream;

#[expect(deprecated, reason = "std has it still")]
pub use paths::soft_link;

use std::io;
use std::path::Path;

use crate::seam::offload;

/// Makes a call to the file system, in place or on a helper thread.
#[inline]
fn call<R: Send>(f: impl FnOnce() -> io::Result<R> + Send) -> io::Result<R> {
    offload::run(offload::file, f)
}

/// Makes a call that opens the file at `path`, and possibly transfers all of it. For a named pipe it may block for long,
/// so a helper thread makes it even if files are accessed in place.
fn open<R: Send>(path: &Path, f: impl FnOnce() -> io::Result<R> + Send) -> io::Result<R> {
    call(|| offload::run(|call| offload::open(path, call), f))
}
