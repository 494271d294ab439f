//! greenpatch's panic hook: counts the panics of green threads and reports them under the green thread's name.
#![forbid(unsafe_code)]

use std::cell::Cell;
use std::panic::{self, PanicHookInfo};
use std::sync::{Arc, Once, OnceLock};
use std::thread;

use super::panic_report;
use crate::hub;
use crate::interruption;
use crate::panic_strategy;
use crate::seam::context;
use crate::seam::unwind::Hook;

static CHAINED: Once = Once::new();
/// std's default hook.
static DEFAULT: OnceLock<Hook> = OnceLock::new();

/// Installs the hook in front of the existing one, once per process.
#[inline]
pub(super) fn chain() {
    if !CHAINED.is_completed() {
        chain_first();
    }
}

#[cold]
fn chain_first() {
    // A thread that is unwinding cannot change the hook. The next green thread that is started does.
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

/// Learns the address of the function of std that calls the panic hook, by two panics that are not reported. Once per
/// process; does nothing if the current thread is panicking, which cannot do it.
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
        // `take_hook` has restored std's default hook, in case there was no other.
        if !was_default && let Some(previous) = Arc::into_inner(previous) {
            panic::set_hook(previous);
        }
        if let (Some(one), Some(other)) = (one, other) {
            hub::learn_caller(one, other);
        }
    });
}

/// Creates a hook that counts the panic, and leaves the report to `user`, or to this module if there is none. In the
/// latter case std's default hook is installed when this is called.
pub(super) fn wrap(user: Option<Hook>) -> Hook {
    if user.is_none() {
        DEFAULT.get_or_init(panic::take_hook);
    }
    Box::new(move |info| {
        // If a green thread yielded in here, std's flag "in the panic hook" would stay set on the OS thread, and a panic
        // of any other green thread of it would abort. The hub would detect it, but at a cost.
        hub::forbid_switching(|nested| {
            if !nested && let Some(hub) = hub::current() {
                hub.panicked();
            }
            interruption::begins_to_panic();
            match &user {
                Some(user) => user(info),
                None => report(info),
            }
        });
    })
}

/// Returns whether a hook is std's default one.
fn is_default(hook: &Hook) -> bool {
    // `take_hook` has just been called, so std's own hook is installed. Each call that takes it returns a box of the same
    // closure: no data, and a vtable that cannot be named outside of std. If vtables are ever duplicated, std's hook makes
    // the report, under the OS thread's name.
    let default = panic::take_hook();
    std::ptr::eq(&raw const **hook, &raw const *default)
}

/// Reports a panic: by std's default hook, except for a green thread, since std's hook does not know its name.
fn report(info: &PanicHookInfo<'_>) {
    match DEFAULT.get() {
        Some(default) if context::green().is_none() => {
            panic_report::std_has_reported();
            default(info);
        }
        _ => panic_report::report(info),
    }
}
