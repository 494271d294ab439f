//! Which hub runs on this OS thread, if any, and whether it may switch: the one place that answers "am I green?".
#![forbid(unsafe_code)]

use std::cell::Cell;

use super::core::Hub;

thread_local! {
    // Without a destructor, so that it can be read at any time in the life of an OS thread.
    static HUB: Cell<Option<&'static Hub>> = const { Cell::new(None) };
    /// The same, but none while switching is forbidden.
    static SWITCHING: Cell<Option<&'static Hub>> = const { Cell::new(None) };
    /// How many calls forbid switching.
    static FORBIDDEN: Cell<u32> = const { Cell::new(0) };
    static STOPPED: Cell<bool> = const { Cell::new(false) };
    /// Whether the hub of this OS thread is that of the parent process.
    static STALE: Cell<bool> = const { Cell::new(false) };
}

/// Returns the hub of this OS thread.
#[inline]
pub(crate) fn current() -> Option<&'static Hub> {
    HUB.get()
}

/// Returns the hub of this OS thread, unless switching is forbidden or the hub is that of the parent process.
#[inline]
pub(super) fn unless_forbidden() -> Option<&'static Hub> {
    SWITCHING.get()
}

/// Calls `f`, during which no green thread of this OS thread is switched to. Passes true to `f` if switching was
/// forbidden already.
pub(crate) fn forbid_switching<R>(f: impl FnOnce(bool) -> R) -> R {
    struct Permit;
    impl Drop for Permit {
        fn drop(&mut self) {
            FORBIDDEN.set(FORBIDDEN.get() - 1);
            if FORBIDDEN.get() == 0 && !STALE.get() {
                SWITCHING.set(HUB.get());
            }
        }
    }

    let forbidden = FORBIDDEN.replace(FORBIDDEN.get() + 1);
    SWITCHING.set(None);
    let _permit = Permit;
    f(forbidden > 0)
}

/// Stops the hub of this OS thread, if it has one: it switches to no other task any more, and what blocks is to block
/// natively from now on.
pub(crate) fn stop() {
    if !STOPPED.replace(true) {
        FORBIDDEN.set(FORBIDDEN.get() + 1);
        SWITCHING.set(None);
    }
}

/// Returns true if the hub of this OS thread was stopped.
pub(crate) fn is_stopped() -> bool {
    STOPPED.get()
}

/// Returns true if `hub` is the hub of this OS thread.
#[inline]
pub(super) fn is(hub: &Hub) -> bool {
    HUB.get().is_some_and(|current| std::ptr::eq(current, hub))
}

/// Makes `hub` the hub of this OS thread.
///
/// # Panics
///
/// Panics if this OS thread has a hub.
pub(super) fn set(hub: &'static Hub) {
    assert!(HUB.get().is_none(), "an OS thread has one hub");
    HUB.set(Some(hub));
    if FORBIDDEN.get() == 0 {
        SWITCHING.set(Some(hub));
    }
}

/// Marks the hub of this OS thread as that of the parent process: it switches no more.
pub(super) fn mark_stale() {
    STALE.set(true);
    SWITCHING.set(None);
}

/// Returns the hub of this OS thread if it is that of the parent process and is to be replaced.
pub(super) fn to_be_replaced() -> Option<&'static Hub> {
    current().filter(|_| STALE.get() && FORBIDDEN.get() == 0)
}

/// Replaces the hub of this OS thread, which was stale.
pub(super) fn replace(hub: &'static Hub) {
    STALE.set(false);
    HUB.set(Some(hub));
    SWITCHING.set(Some(hub));
}
