//! Files, read and written in place, or on helper threads once patched: the shape of `std::fs`.
//!
//! Layer: facade, std-shaped.
//! Called by: users; `io`, for `IsTerminal` of a file.
//! Calls: `seam`, `descriptor`.
//! Never: names a hub, or asks whether it is green.
//!
//! What std has and is not listed here is std's own. An entry of a directory is read in place always.
//!
//! # In place, or on another thread
//!
//! A file has no form of reading that does not block: the system always says that it is ready. Once
//! [`patch_fs`](crate::patch_fs) has been called, each operation is made by a helper thread while the
//! green thread that wants it waits.
//!
//! [`patch_all`](crate::patch_all) leaves that out unless asked for by
//! [`Patcher::fs`](crate::Patcher::fs). What a program reads mostly lies in the page cache, and then the
//! way to a helper and back costs more than the reading: a piece of 4 KiB of an open file took 1.2 µs in
//! place and 13.7 µs on a helper, opening and reading a file of 4 KiB 13 µs and 23 µs
//! (`benches/files.rs`, two busy cores). Eight threads that read at once gained nothing by helpers,
//! either. Turn it on for disks and network file systems on which a read takes milliseconds, in which
//! other green threads could run.

#[doc(no_inline)]
pub use ::std::fs::*;

mod dir_builder;
mod file;
mod open_options;
mod paths;

pub use dir_builder::DirBuilder;
pub use file::File;
pub use open_options::OpenOptions;
pub use paths::{
    canonicalize, copy, create_dir, create_dir_all, exists, hard_link, metadata, read, read_dir,
    read_link, read_to_string, remove_dir, remove_dir_all, remove_file, rename, set_permissions,
    symlink_metadata, write,
};

#[expect(deprecated, reason = "std has it still")]
pub use paths::soft_link;

use std::io;

use crate::seam::offload;

/// Makes a call to the file system, where this thread is to make it.
#[inline]
fn call<R: Send>(f: impl FnOnce() -> io::Result<R> + Send) -> io::Result<R> {
    offload::run(offload::file, f)
}
