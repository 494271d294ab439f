//! The panic hook that knows green threads: it counts their panics and reports them by their names.
#![forbid(unsafe_code)]

use std::cell::Cell;
use std::panic::{self, PanicHookInfo};
use std::sync::{Arc, Once, OnceLock};
use std::thread;

use super::panic_report;
use crate::hub;
use crate::panic_strategy;
use crate::seam::context;
use crate::seam::unwind::Hook;

static CHAINED: Once = Once::new();
/// std's default hook.
static DEFAULT: OnceLock<Hook> = OnceLock::new();

/// Chains the hook, before whatever hook there is, once in the life of the process.
#[inline]
pub(super) fn chain() {
    if !CHAINED.is_completed() {
        chain_first();
    }
}

#[cold]
fn chain_first() {
    // A thread that unwinds cannot change the hook; a later one will.
    if !thread::panicking() {
        CHAINED.call_once(|| {
            let previous = panic::take_hook();
            let hook = if is_default(&previous) {
                None
            } else {
                Some(previous)
            };
            panic::set_hook(wrap(hook));
        });
    }
}

/// Learns how std calls a panic hook, by two panics that are not reported. Once in the life of the process; not
/// while this thread panics, when it cannot.
pub(super) fn learn() {
    static LEARNED: Once = Once::new();

    if panic_strategy::is_abort() || thread::panicking() {
        return;
    }
    LEARNED.call_once(|| {
        thread_local!(static TRACE: Cell<Option<hub::Trace>> = const { Cell::new(None) });
        let trace_of = |panics: fn()| {
            let _ = panic::catch_unwind(panics);
            TRACE.take()
        };

        thread_local!(static OURS: Cell<bool> = const { Cell::new(false) });
        let previous = Arc::new(panic::take_hook());
        let was_default = is_default(&previous);
        let others = Arc::clone(&previous);
        panic::set_hook(Box::new(move |info| {
            if OURS.get() {
                TRACE.set(Some(hub::Trace::here()));
            } else {
                others(info);
            }
        }));
        OURS.set(true);
        let one = trace_of(|| panic!());
        let other = trace_of(|| panic::panic_any(()));
        OURS.set(false);
        drop(panic::take_hook());
        // Without a hook of a user's, std's own is in place again.
        if !was_default && let Some(previous) = Arc::into_inner(previous) {
            panic::set_hook(previous);
        }
        if let (Some(one), Some(other)) = (one, other) {
            hub::learn_caller(one, other);
        }
    });
}

/// A hook that counts, and leaves the report to `user`, or to us if there is none. In that case std's default
/// hook is in place when this is called.
pub(super) fn wrap(user: Option<Hook>) -> Hook {
    if user.is_none() {
        DEFAULT.get_or_init(panic::take_hook);
    }
    Box::new(move |info| {
        // A green thread that gave way in here would leave std's mark "in the panic hook" on its OS
        // thread, and the panic of any neighbour would abort. The hub would find out, but at a cost.
        hub::hold(|nested| {
            if !nested && let Some(hub) = hub::current() {
                hub.panicked();
            }
            match &user {
                Some(user) => user(info),
                None => report(info),
            }
        });
    })
}

/// Whether a hook is the one that std has when no other was set.
fn is_default(hook: &Hook) -> bool {
    // `take_hook` has just been called, so std's own is in place, and each call that takes that one
    // makes the same closure of it: no data, and a method table that has no name outside of std. Should
    // tables ever be copied, the report falls to std's hook and bears the OS thread's name.
    let default = panic::take_hook();
    std::ptr::eq(&raw const **hook, &raw const *default)
}

/// Reports a panic: std's default hook does, but of a green thread, whose name it does not know.
fn report(info: &PanicHookInfo<'_>) {
    match DEFAULT.get() {
        Some(default) if context::green().is_none() => {
            panic_report::std_has_reported();
            default(info);
        }
        _ => panic_report::report(info),
    }
}
