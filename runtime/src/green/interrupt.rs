//! Cancelling green threads, and whether the waits of the running thread may be interrupted.
#![allow(unsafe_code)]

use std::num::NonZeroU64;
use std::ptr::NonNull;

use crate::hub::{self, Hub, Known};
use crate::panic_strategy;
use crate::seam::context::Context;
use crate::thread_state::identity::LazyIdentity;

pub(super) fn is_possible() -> bool {
    hub::switching().is_some()
}

/// Cancels a green thread on its hub's OS thread: notes it in the thread's context, and wakes the thread. One that has not begun
/// finds out when it begins.
pub(super) fn cancel(identity: &LazyIdentity) -> bool {
    if panic_strategy::is_abort() {
        return false;
    }
    // Before the place is read. A thread that begins at the same time on another OS thread may not see this, and its place
    // may not be seen here. So each hub is asked: what begins on it after that sees this.
    identity.set_cancelled();
    let number = identity.number();
    let hubs = hub::hubs();
    let Some(place) = identity.place() else {
        on_each(hubs, move |hub| {
            cancel_all(hub, |identity| identity.number() == number);
        });
        return true;
    };
    // SAFETY: `green::thread` has stored the place when the thread began.
    let is_its = |hub: &&Hub| unsafe { hub.has_place(place) };
    let Some(hub) = hubs.into_iter().find(is_its) else {
        return false;
    };
    if hub.is_here() {
        cancel_at(hub, place, number);
    } else {
        let place = Place(place);
        hub.call(Box::new(move || cancel_at(hub, place.into_inner(), number)));
    }
    true
}

pub(super) fn cancel_scope(scope: NonZeroU64) {
    on_each(hub::hubs(), move |hub| {
        cancel_all(hub, |identity| identity.scope() == Some(scope));
    });
}

/// Has `f` called on the OS thread of each hub.
fn on_each(hubs: Vec<&'static Hub>, f: impl Fn(&'static Hub) + Copy + Send + 'static) {
    for hub in hubs {
        if hub.is_here() {
            f(hub);
        } else {
            hub.call(Box::new(move || f(hub)));
        }
    }
}

/// A place of a thread on its hub.
struct Place(NonNull<()>);

// SAFETY: other OS threads than the hub's only pass it on.
unsafe impl Send for Place {}

impl Place {
    fn into_inner(self) -> NonNull<()> {
        self.0
    }
}

/// Cancels the thread with a number that has begun at a place, unless it has ended.
fn cancel_at(hub: &'static Hub, place: NonNull<()>, number: NonZeroU64) {
    // SAFETY: `green::thread` has stored the place when the thread started.
    let Some(context) = (unsafe { hub.user_data_at(place) }) else {
        return;
    };
    // SAFETY: it is the context of a green thread of this OS thread, which does not end before this function does.
    let context: &Context = unsafe { context.cast().as_ref() };
    if context.number() == number {
        context.waiting.interrupts.cancel();
        hub.wake_at(place);
    }
}

/// Cancels the threads of a hub that have begun and `are_meant`.
fn cancel_all(hub: &'static Hub, are_meant: impl Fn(&LazyIdentity) -> bool) {
    let mut meant = Vec::new();
    hub.for_each_task(|seen| {
        if let Known::Started(Some(context)) = seen.known {
            // SAFETY: as in `cancel_at`.
            let context: &Context = unsafe { context.cast().as_ref() };
            let identity = context.lazy_identity();
            if are_meant(identity) {
                meant.extend(identity.place().map(|place| (place, identity.number())));
            }
        }
    });
    for (place, number) in meant {
        cancel_at(hub, place, number);
    }
}
