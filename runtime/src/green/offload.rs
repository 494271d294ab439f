//! Calls that block, on helper threads. Each feature has helpers of its own.
#![forbid(unsafe_code)]

use std::io;
use std::os::fd::BorrowedFd;

use super::file_turns;
use super::helpers::Helpers;
use super::parker::Parker;
use crate::seam::offload as seam;
use crate::seam::offload::Call;

/// More look-ups than this at a time wait for each other: a resolver is not to be flooded, and gives up by itself.
static NAMES: Helpers = Helpers::limited("greenpatch-name", 32);
/// Named pipes block until another call ends that.
static FILES: Helpers = Helpers::new("greenpatch-file");
/// So do the locks of files.
static LOCKS: Helpers = Helpers::new("greenpatch-lock");
/// Each holds its helper until the child ends.
static CHILDREN: Helpers = Helpers::new("greenpatch-wait");
/// Each holds its helper until a server of the Unix domain, whose queue is full, accepts.
static SOCKETS: Helpers = Helpers::new("greenpatch-sock");
/// Each holds its helper until an OS thread has ended.
static JOINS: Helpers = Helpers::new("greenpatch-join");

pub(super) fn name_lookup(call: Call<'_>) -> io::Result<()> {
    make(&NAMES, call, seam::name_lookup__original)
}

pub(super) fn file(call: Call<'_>) -> io::Result<()> {
    make(&FILES, call, seam::file__original)
}

/// One of those that wait for the same does so on a helper, and the others for it.
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
