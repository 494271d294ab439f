//! The panic hook that knows green threads: it counts their panics and reports them by their names.
#![forbid(unsafe_code)]

use std::backtrace::Backtrace;
use std::cell::Cell;
use std::env;
use std::io::{self, Write};
use std::panic::{self, PanicHookInfo};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Once};
use std::thread;

use crate::hub;
use crate::seam::context;
use crate::seam::os_thread;
use crate::seam::unwind::Hook;

static CHAINED: Once = Once::new();

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

    if cfg!(not(panic = "unwind")) || thread::panicking() {
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

/// A hook that counts, and leaves the report to `user`, or to us if there is none.
pub(super) fn wrap(user: Option<Hook>) -> Hook {
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

/// Whether a hook is the one that std has when nobody has set one.
fn is_default(hook: &Hook) -> bool {
    // `take_hook` has just been called, so std's own is in place, and each call that takes that one
    // makes the same closure of it: no data, and a method table that nobody else can name. Should
    // tables ever be copied, the report falls to std's hook and bears the OS thread's name.
    let default = panic::take_hook();
    std::ptr::eq(&raw const **hook, &raw const *default)
}

/// Reports a panic in std's form, under the name of the green thread.
fn report(info: &PanicHookInfo<'_>) {
    let identity = context::identity();
    let name = identity.name.as_deref().unwrap_or("<unnamed>");
    let id = os_thread::native_thread_id();
    let message = info.payload_as_str().unwrap_or("Box<dyn Any>");
    // A report that cannot be written is lost, as with std; to panic for it would abort.
    let mut stderr = io::stderr().lock();
    let _ = match info.location() {
        Some(location) => {
            writeln!(
                stderr,
                "\nthread '{name}' ({id}) panicked at {location}:\n{message}"
            )
        }
        None => writeln!(stderr, "\nthread '{name}' ({id}) panicked:\n{message}"),
    };
    let _ = report_backtrace(&mut stderr);
}

/// Writes the backtrace that `RUST_BACKTRACE` asks for, or the first time how to ask for one.
fn report_backtrace(stderr: &mut impl Write) -> io::Result<()> {
    static FIRST: AtomicBool = AtomicBool::new(true);

    match env::var("RUST_BACKTRACE").as_deref() {
        Ok("full") => writeln!(stderr, "stack backtrace:\n{:#}", Backtrace::force_capture()),
        Ok(wanted) if wanted != "0" => {
            writeln!(stderr, "stack backtrace:\n{}", Backtrace::force_capture())
        }
        _ if FIRST.swap(false, Ordering::Relaxed) => writeln!(
            stderr,
            "note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace"
        ),
        _ => Ok(()),
    }
}
