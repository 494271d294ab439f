//! What other OS threads leave for a hub: wake-ups and new green threads.
//!
//! The protocol, in which `pending` and `sleeping` are the two sides of one store-then-load pair:
//! - a sender appends, then sets `pending`, then swaps `sleeping` to false, and only if it was true
//!   it notifies the hub;
//! - the hub sets `sleeping`, then reads `pending`, and sleeps only if that is false.
//!
//! All four are sequentially consistent, so not both can miss the other's store: either the hub sees
//! `pending`, or the sender sees `sleeping`.
#![forbid(unsafe_code)]

#[cfg(loom)]
use loom::sync::{
    Mutex,
    atomic::{AtomicBool, Ordering},
};
use std::sync::PoisonError;
#[cfg(not(loom))]
use std::sync::{
    Mutex,
    atomic::{AtomicBool, Ordering},
};

/// The items that other OS threads have sent, and whether the hub has to be woken for them.
#[derive(Debug)]
pub(super) struct Inbox<T> {
    items: Mutex<Vec<T>>,
    pending: AtomicBool,
    sleeping: AtomicBool,
}

impl<T> Inbox<T> {
    pub(super) fn new() -> Self {
        Inbox {
            items: Mutex::new(Vec::new()),
            pending: AtomicBool::new(false),
            sleeping: AtomicBool::new(false),
        }
    }

    /// Leaves an item; says whether the hub sleeps and the caller has to notify it.
    #[must_use]
    pub(super) fn send(&self, item: T) -> bool {
        self.items
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(item);
        self.pending.store(true, Ordering::SeqCst);
        self.sleeping.swap(false, Ordering::SeqCst)
    }

    /// Takes all that has been sent, in the order of sending. On the hub alone.
    #[inline]
    pub(super) fn take(&self) -> Vec<T> {
        // Acquire is not needed here: the lock orders the items, and a flag that is seen too late is
        // seen at the next turn, or by `may_sleep`.
        if !self.pending.load(Ordering::Relaxed) {
            return Vec::new();
        }
        let mut items = self.items.lock().unwrap_or_else(PoisonError::into_inner);
        self.pending.store(false, Ordering::SeqCst);
        std::mem::take(&mut *items)
    }

    /// Announces that the hub will sleep; false if there is something to take first. On the hub alone.
    pub(super) fn may_sleep(&self) -> bool {
        self.sleeping.store(true, Ordering::SeqCst);
        if self.pending.load(Ordering::SeqCst) {
            self.sleeping.store(false, Ordering::SeqCst);
            return false;
        }
        true
    }

    /// Says that the hub is awake again. On the hub alone.
    pub(super) fn awake(&self) {
        self.sleeping.store(false, Ordering::SeqCst);
    }
}
