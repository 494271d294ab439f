//! Which hub runs on this OS thread, if any: the one place that answers "am I green?".
#![forbid(unsafe_code)]

use std::cell::Cell;
use std::thread;

use super::{Hub, fork, panic_hook};

thread_local! {
    // Without a destructor, so that it can be asked at any time in the life of an OS thread.
    static HUB: Cell<Option<&'static Hub>> = const { Cell::new(None) };
    /// The same, but none while it is held.
    static SWITCHING: Cell<Option<&'static Hub>> = const { Cell::new(None) };
    static HELD: Cell<u32> = const { Cell::new(0) };
    static STOPPED: Cell<bool> = const { Cell::new(false) };
}

/// The hub of this OS thread.
#[inline]
pub(crate) fn current() -> Option<&'static Hub> {
    HUB.get()
}

/// The hub of this OS thread, unless it is held, or a panic hook runs: then what blocks is to block
/// natively.
#[inline]
pub(crate) fn switching() -> Option<&'static Hub> {
    if thread::panicking() {
        return outside_a_hook();
    }
    SWITCHING.get().or_else(after_a_fork)
}

/// The hub of this OS thread, unless it is held. What it is asked to do looks itself whether a panic hook runs.
#[inline]
pub(crate) fn not_held() -> Option<&'static Hub> {
    SWITCHING.get().or_else(after_a_fork)
}

/// The hub of this OS thread, if it needs a new one, since the process is a fork of another.
#[cold]
fn after_a_fork() -> Option<&'static Hub> {
    if HELD.get() == 0 { fork::renew() } else { None }
}

#[cold]
fn outside_a_hook() -> Option<&'static Hub> {
    SWITCHING.get().filter(|_| !panic_hook::is_running())
}

/// Calls `f`, during which no green thread of this OS thread gives way to another. Says first whether
/// it was so already.
pub(crate) fn hold<R>(f: impl FnOnce(bool) -> R) -> R {
    struct Release;
    impl Drop for Release {
        fn drop(&mut self) {
            HELD.set(HELD.get() - 1);
            if HELD.get() == 0 && !fork::is_stale() {
                SWITCHING.set(HUB.get());
            }
        }
    }

    let held = HELD.replace(HELD.get() + 1);
    SWITCHING.set(None);
    let _release = Release;
    f(held > 0)
}

/// Has the hub of this OS thread, if it has one, switch to no other task any more: what blocks is to block
/// natively for ever after.
pub(crate) fn stop() {
    if !STOPPED.replace(true) {
        HELD.set(HELD.get() + 1);
        SWITCHING.set(None);
    }
}

/// Whether the hub of this OS thread was stopped.
pub(crate) fn is_stopped() -> bool {
    STOPPED.get()
}

/// Has the hub of this OS thread switch no more until it is replaced.
pub(super) fn suspend() {
    SWITCHING.set(None);
}

/// Replaces the hub of this OS thread, which is not held.
pub(super) fn replace(hub: &'static Hub) {
    HUB.set(Some(hub));
    SWITCHING.set(Some(hub));
}

/// Whether `hub` is the hub of this OS thread.
#[inline]
pub(super) fn is(hub: &Hub) -> bool {
    HUB.get().is_some_and(|current| std::ptr::eq(current, hub))
}

/// Makes `hub` the hub of this OS thread, for good.
pub(super) fn set(hub: &'static Hub) {
    assert!(HUB.get().is_none(), "an OS thread has one hub");
    HUB.set(Some(hub));
    if HELD.get() == 0 {
        SWITCHING.set(Some(hub));
    }
}
