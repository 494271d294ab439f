//! Where reports go: to the subscriber of `tracing`, or else to the logger of `log`, if the program has set one and the crate's
//! features `tracing` and `log` are on. The functions return false if there is neither: then the caller writes to the standard error.
//!
//! A subscriber and a logger are code of others, which may block. So these functions are called where that may be: by a user's
//! thread outside of any lock, or by an OS thread of greenpatch's own that is no hub.
#![forbid(unsafe_code)]
#![cfg_attr(
    not(all(feature = "log", feature = "tracing")),
    allow(unused_variables, reason = "for the features")
)]

use std::panic::{self, AssertUnwindSafe};

use super::cycle_found::CycleFound;
use super::hub_blocked::HubBlocked;
use crate::patch::table::scheduler;

/// Returns whether the program seems to have set a subscriber or a logger. Runs no code of it.
pub(crate) fn are_there_any() -> bool {
    #[cfg(feature = "tracing")]
    if tracing::dispatcher::has_been_set() {
        return true;
    }
    #[cfg(feature = "log")]
    if log::max_level() != log::LevelFilter::Off {
        return true;
    }
    false
}

/// Returns whether the current thread has a subscriber of `tracing`.
#[cfg(feature = "tracing")]
fn has_subscriber() -> bool {
    use tracing::subscriber::NoSubscriber;

    tracing::dispatcher::get_default(|dispatch| !dispatch.is::<NoSubscriber>())
}

/// Tells the logger. `log` has no query for whether one is set. The maximum level serves as one: it is off until a logger sets it.
#[cfg(feature = "log")]
fn log(level: log::Level, target: &str, text: &dyn std::fmt::Display) -> bool {
    let is_set = log::max_level() != log::LevelFilter::Off;
    if is_set {
        log::log!(target: target, level, "{text}");
    }
    is_set
}

/// Returns what `tell` does. If the subscriber or the logger panics, which the panic hook has reported, the report is yet to be made.
fn told(tell: impl FnOnce() -> bool) -> bool {
    panic::catch_unwind(AssertUnwindSafe(tell)).unwrap_or_else(|_| {
        if let Some(scheduler) = scheduler::get() {
            (scheduler.panic_caught)();
        }
        false
    })
}

/// Tells of a warning of a patch call.
pub(crate) fn warning(text: &str) -> bool {
    told(|| tell_warning(text))
}

fn tell_warning(text: &str) -> bool {
    #[cfg(feature = "tracing")]
    if has_subscriber() {
        tracing::warn!(target: "greenpatch::patch", "{text}");
        return true;
    }
    #[cfg(feature = "log")]
    if log(log::Level::Warn, "greenpatch", &text) {
        return true;
    }
    false
}

/// Tells that a hub is held.
pub(crate) fn hub_blocked(blocked: &HubBlocked) -> bool {
    told(|| tell_hub_blocked(blocked))
}

fn tell_hub_blocked(blocked: &HubBlocked) -> bool {
    #[cfg(feature = "tracing")]
    if has_subscriber() {
        tracing::warn!(
            target: "greenpatch::hub_blocked",
            duration_ms = u64::try_from(blocked.duration.as_millis()).unwrap_or(u64::MAX),
            os_thread = blocked.os_thread,
            thread = blocked.thread,
            name = blocked.name.as_deref(),
            spawned_at = blocked.spawned_at.map(tracing::field::display),
            system_call = blocked.system_call,
            call_name = blocked.call_name,
            unreported = blocked.unreported,
            "{blocked}"
        );
        return true;
    }
    #[cfg(feature = "log")]
    if log(log::Level::Warn, "greenpatch::hub_blocked", blocked) {
        return true;
    }
    false
}

/// Tells of a cycle of threads.
pub(crate) fn cycle(cycle: &CycleFound) -> bool {
    told(|| tell_cycle(cycle))
}

fn tell_cycle(cycle: &CycleFound) -> bool {
    #[cfg(feature = "tracing")]
    if has_subscriber() {
        let threads: Vec<u64> = cycle.threads.iter().map(|thread| thread.id).collect();
        let names: Vec<_> = (cycle.threads.iter())
            .map(|thread| thread.name.as_deref().unwrap_or_default())
            .collect();
        tracing::error!(target: "greenpatch::cycle", ?threads, ?names, "{cycle}");
        return true;
    }
    #[cfg(feature = "log")]
    if log(log::Level::Error, "greenpatch::cycle", cycle) {
        return true;
    }
    false
}

/// Tells that no thread can run again. `cycles` has the numbers of the threads of each cycle.
pub(crate) fn deadlock(report: &str, cycles: &[Vec<u64>]) -> bool {
    told(|| tell_deadlock(report, cycles))
}

fn tell_deadlock(report: &str, cycles: &[Vec<u64>]) -> bool {
    #[cfg(feature = "tracing")]
    if has_subscriber() {
        tracing::error!(target: "greenpatch::deadlock", ?cycles, "{report}");
        return true;
    }
    #[cfg(feature = "log")]
    if log(log::Level::Error, "greenpatch::deadlock", &report) {
        return true;
    }
    false
}
