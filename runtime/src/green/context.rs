//! Access to the state of the current green thread.
#![allow(unsafe_code)]

use std::num::NonZeroU64;
use std::ptr::NonNull;

use crate::hub::{self, Hub};
use crate::patch::{ScopeHandle, scope};
use crate::seam::context::{self, Context};
use crate::wait::interrupts::Interrupts;
use crate::wait::note::Note;
use crate::wait::waiting::Waiting;

/// The pointer that a hub stores for a green thread is to its [`Context`], set by `thread::start` alone; the root of a
/// hub has none.
#[inline]
pub(super) fn green() -> Option<NonNull<Context>> {
    hub::current()?.user_data().map(NonNull::cast)
}

/// Returns the number of the current thread.
pub(super) fn number() -> NonZeroU64 {
    match hub::current() {
        Some(hub) => number_on(hub),
        None => context::native_number(),
    }
}

/// Does the same for a caller that knows the hub of this OS thread.
#[inline]
pub(super) fn number_on(hub: &Hub) -> NonZeroU64 {
    match hub.user_data().map(NonNull::cast::<Context>) {
        // SAFETY: it belongs to the green thread that runs this code, which does not end before this function does.
        Some(context) => unsafe { context.as_ref() }.number(),
        None => context::native_number(),
    }
}

/// Calls `f` with the name of the current green thread, if it has one. Async-signal-safe.
pub(super) fn name(f: &mut dyn FnMut(&str)) {
    if let Some(context) = green() {
        // SAFETY: it belongs to the green thread that runs this code, which does not end before this function does.
        if let Some(name) = unsafe { context.as_ref() }.name() {
            f(name);
        }
    }
}

/// Calls `f`, in which the thread that runs on `hub` waits for what `note` says, with what may end that early.
#[inline(always)]
pub(super) fn noting<R>(hub: &Hub, note: Note<'_, '_>, f: impl FnOnce(&Interrupts) -> R) -> R {
    with_waiting(hub, |waiting| {
        let moment = hub.moment();
        waiting.note.during(note, moment, || f(&waiting.interrupts))
    })
}

/// Calls `f` with what may end the waits of the thread that runs on `hub` early.
#[cold]
pub(super) fn with_interrupts<R>(hub: &Hub, f: impl FnOnce(&Interrupts) -> R) -> R {
    with_waiting(hub, |waiting| f(&waiting.interrupts))
}

#[inline(always)]
fn with_waiting<R>(hub: &Hub, f: impl FnOnce(&Waiting) -> R) -> R {
    let waiting = match hub.user_data() {
        // SAFETY: it belongs to the green thread that runs this code, which does not end before `f` does.
        Some(context) => NonNull::from(&*unsafe { context.cast::<Context>().as_ref() }.waiting),
        None => context::native_waiting(),
    };
    // SAFETY: as above; that of an OS thread lives as long.
    f(unsafe { waiting.as_ref() })
}

/// Calls `f` with the context of the current green thread, or `native` on an OS thread's own stack.
fn with<A, R>(argument: A, f: impl FnOnce(&Context, A) -> R, native: fn(A) -> R) -> R {
    match green() {
        // SAFETY: it belongs to the green thread that runs this code, which does not end before `f` does.
        Some(context) => f(unsafe { context.as_ref() }, argument),
        None => native(argument),
    }
}

/// Returns the scope of overrides that the running thread is in.
pub(super) fn current_scope() -> ScopeHandle {
    with(
        (),
        |context, ()| context.scope.borrow().clone(),
        |()| scope::native_current(),
    )
}

/// Sets the scope of overrides of the running thread and returns the previous one.
pub(super) fn replace_scope(new: ScopeHandle) -> ScopeHandle {
    with(
        new,
        |context, new| context.scope.replace(new),
        scope::native_replace,
    )
}
