//! Blocking calls on helper threads. Each feature has its own pool.
#![forbid(unsafe_code)]

use std::io;
use std::os::fd::BorrowedFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;

use super::file_turns;
use super::helpers::Helpers;
use super::parker::Parker;
use crate::seam::offload as seam;
use crate::seam::offload::Call;

/// Look-ups beyond this number queue: a resolver should not be flooded, and a look-up ends by its own time-out.
static NAMES: Helpers = Helpers::limited("greenpatch-name", 32);
/// Reading a file may depend on another call, as with a file system that this process serves.
static FILES: Helpers = Helpers::new("greenpatch-file");
/// Opening a named pipe blocks until another call opens its other end.
static OPENS: Helpers = Helpers::new("greenpatch-open");
/// Locking a file blocks until another call unlocks it.
static LOCKS: Helpers = Helpers::new("greenpatch-lock");
/// Each call occupies its helper until the child ends.
static CHILDREN: Helpers = Helpers::new("greenpatch-wait");
/// Each call occupies its helper until a Unix-domain server with a full queue accepts.
static SOCKETS: Helpers = Helpers::new("greenpatch-sock");
/// Each call occupies its helper until an OS thread has ended.
static JOINS: Helpers = Helpers::new("greenpatch-join");

/// Returns the number of helpers without a call, and the number of calls that have begun.
pub(super) fn idle_helpers() -> (usize, usize) {
    let pools = [&NAMES, &FILES, &OPENS, &LOCKS, &CHILDREN, &SOCKETS, &JOINS];
    pools
        .into_iter()
        .map(Helpers::idle)
        .fold((0, 0), |(idle, begun), pool| {
            (idle + pool.0, begun.wrapping_add(pool.1))
        })
}

pub(super) fn name_lookup(call: Call<'_>) -> io::Result<()> {
    make(&NAMES, call, seam::name_lookup__original)
}

pub(super) fn file(call: Call<'_>) -> io::Result<()> {
    make(&FILES, call, seam::file__original)
}

/// A helper opens what may block the thread that opens it. Other files are opened in place.
pub(super) fn open(path: &Path, call: Call<'_>) -> io::Result<()> {
    match Parker::current() {
        Some(parker) if may_block(path) => OPENS.make(&parker, call),
        _ => seam::open__original(path, call),
    }
}

/// Returns whether opening the file may block: a named pipe without its other end, or a device such as a serial line
/// without a carrier.
fn may_block(path: &Path) -> bool {
    let Ok(metadata) = path.metadata() else {
        return false;
    };
    let kind = metadata.file_type();
    kind.is_fifo() || kind.is_char_device() && !is_memory_device(metadata.rdev())
}

/// Returns whether the device is `/dev/null`, `/dev/urandom` or another one of memory, which opens at once.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn is_memory_device(device: u64) -> bool {
    libc::major(device) == 1
}

/// Other systems have no number that tells.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn is_memory_device(_: u64) -> bool {
    false
}

/// Of the threads that wait for the same lock, one does so on a helper, and the others queue for its turn.
pub(super) fn file_lock(file: BorrowedFd<'_>, shared: bool, call: Call<'_>) -> io::Result<()> {
    match Parker::current() {
        Some(parker) => {
            let _turn = file_turns::take(&parker, file, shared)?;
            LOCKS.make_elsewhere(&parker, call)
        }
        None => seam::file_lock__original(file, shared, call),
    }
}

pub(super) fn child(call: Call<'_>) -> io::Result<()> {
    make(&CHILDREN, call, seam::child__original)
}

pub(super) fn socket(call: Call<'_>) -> io::Result<()> {
    make(&SOCKETS, call, seam::socket__original)
}

/// Waits for the end of an OS thread.
pub(super) fn join(parker: &Parker, call: Call<'_>) -> io::Result<()> {
    JOINS.make(parker, call)
}

fn make(
    helpers: &'static Helpers,
    call: Call<'_>,
    native: fn(Call<'_>) -> io::Result<()>,
) -> io::Result<()> {
    match Parker::current() {
        Some(parker) => helpers.make(&parker, call),
        None => native(call),
    }
}
