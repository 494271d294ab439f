//! Calls that block, on helper threads. Each feature has helpers of its own, so that one whose calls
//! take for ever does not keep the others waiting.
#![forbid(unsafe_code)]

use super::helpers::Helpers;
use super::parker::Parker;
use crate::seam::offload as seam;
use crate::seam::offload::Call;

/// More look-ups than this at a time wait for each other: a resolver is not to be flooded.
static NAMES: Helpers = Helpers::new("greenpatch-name", 32);
/// Named pipes, and the locks of files, block for as long as they like.
static FILES: Helpers = Helpers::new("greenpatch-file", 512);
/// Each holds its helper until the child ends.
static CHILDREN: Helpers = Helpers::new("greenpatch-wait", 1024);

/// Each holds its helper until a server of the Unix domain, whose queue is full, accepts.
static SOCKETS: Helpers = Helpers::new("greenpatch-sock", 256);

pub(super) fn name_lookup(call: Call<'_>) {
    make(&NAMES, call, seam::name_lookup__original);
}

pub(super) fn file(call: Call<'_>) {
    make(&FILES, call, seam::file__original);
}

pub(super) fn file_lock(call: Call<'_>) {
    make(&FILES, call, seam::file_lock__original);
}

pub(super) fn child(call: Call<'_>) {
    make(&CHILDREN, call, seam::child__original);
}

pub(super) fn socket(call: Call<'_>) {
    make(&SOCKETS, call, seam::socket__original);
}

fn make(helpers: &'static Helpers, call: Call<'_>, native: fn(Call<'_>)) {
    match Parker::current() {
        Some(parker) => helpers.make(&parker, call),
        None => native(call),
    }
}
