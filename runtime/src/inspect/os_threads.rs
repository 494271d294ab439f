//! The OS threads that are no hubs and wait in greenpatch, as reports name them.
#![forbid(unsafe_code)]

use super::dump::OsThreadReport;
#[cfg(all(any(target_os = "linux", target_os = "android"), not(loom)))]
use super::{os, waits};
#[cfg(all(any(target_os = "linux", target_os = "android"), not(loom)))]
use crate::{hub, thread_state::identity::MAIN, wait::os_waiters};

/// Returns the OS threads that can go on only once another thread wakes them, each with the epoch of its wait: see
/// [`blocked`](crate::wait::blocked).
#[cfg(all(any(target_os = "linux", target_os = "android"), not(loom)))]
pub(super) fn asleep() -> Vec<(u64, usize)> {
    os_waiters::asleep()
}

/// This system does not list OS threads, so nothing could be concluded.
#[cfg(not(all(any(target_os = "linux", target_os = "android"), not(loom))))]
pub(super) fn asleep() -> Vec<(u64, usize)> {
    Vec::new()
}

/// Returns what OS threads that are no hubs wait for.
#[cfg(all(any(target_os = "linux", target_os = "android"), not(loom)))]
pub(super) fn reports() -> Vec<OsThreadReport> {
    let hubs: Vec<u64> = hub::hubs()
        .iter()
        .map(|hub| hub.os_thread_number())
        .collect();
    let mut waits = os_waiters::waits();
    // A hub that waits here has its own report.
    waits.retain(|seen| !hubs.contains(&seen.os_thread));
    waits.sort_by_key(|seen| seen.number);
    let reports = waits.into_iter().map(|seen| OsThreadReport {
        os_thread: seen.os_thread,
        // The OS calls the main thread by the name of the program.
        name: match seen.number == MAIN {
            true => Some("main".into()),
            false => os::name(seen.os_thread),
        },
        id: seen.number.get(),
        wait: waits::for_object(seen.reason, seen.location),
        place: seen.place,
        epoch: seen.epoch,
    });
    reports.collect()
}

/// This system does not list OS threads.
#[cfg(not(all(any(target_os = "linux", target_os = "android"), not(loom))))]
pub(super) fn reports() -> Vec<OsThreadReport> {
    Vec::new()
}
