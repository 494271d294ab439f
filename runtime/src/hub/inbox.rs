//! The queue of messages from other OS threads to a hub.
//!
//! One word states whether there may be an item to take, and whether the hub sleeps:
//!
//! | | EMPTY | PENDING | SLEEPING |
//! | --- | --- | --- | --- |
//! | a sender, once its item is in the list | becomes PENDING | stays | becomes PENDING, and it notifies the hub |
//! | the hub, before it takes the list | nothing to do | becomes EMPTY | not possible |
//! | the hub, before it sleeps | becomes SLEEPING | may not sleep | not possible |
//! | the hub, once it is awake | not possible | stays | becomes EMPTY |
//!
//! All orderings are relaxed: the lock of the list orders the items, and the table above relies only on the modification
//! order of a single word.
#![forbid(unsafe_code)]

use std::cell::Cell;

use crate::wait::atomic::{AtomicU8, Mutex, Ordering, lock};

/// Nothing has been sent since the list was last taken.
const EMPTY: u8 = 0;
/// Something may have been sent.
const PENDING: u8 = 1;
/// Nothing has been sent, and the hub sleeps or is about to.
const SLEEPING: u8 = 2;

/// The largest capacity that the buffer keeps. A larger buffer is freed.
const MAX_CAPACITY: usize = 1024;

/// The items that other OS threads have sent, and whether the hub has to be woken for them.
#[derive(Debug)]
pub(super) struct Inbox<T> {
    items: Mutex<Vec<T>>,
    state: AtomicU8,
}

impl<T> Inbox<T> {
    pub(super) fn new() -> Self {
        Inbox {
            items: Mutex::new(Vec::new()),
            state: AtomicU8::new(EMPTY),
        }
    }

    /// Sends an item. Returns true if the hub sleeps, so that the caller has to notify it.
    #[must_use]
    pub(super) fn send(&self, item: T) -> bool {
        lock(&self.items).push(item);
        self.state.swap(PENDING, Ordering::Relaxed) == SLEEPING
    }

    /// Does the same without an item, for a hub that is to look elsewhere.
    #[must_use]
    pub(super) fn poke(&self) -> bool {
        self.state.swap(PENDING, Ordering::Relaxed) == SLEEPING
    }

    /// Returns true if there may be an item to take. Only the hub can rely on it for longer.
    #[inline]
    pub(super) fn is_pending(&self) -> bool {
        self.state.load(Ordering::Relaxed) == PENDING
    }

    /// Moves all items, in the order of sending, into `taken`, which must be empty. Its capacity is used for the next
    /// items. Called by the hub alone.
    #[inline]
    fn take(&self, taken: &mut Vec<T>) {
        if self.is_pending() {
            let mut items = lock(&self.items);
            // Under the lock: a thread that appends after this sets the word after this.
            self.state.store(EMPTY, Ordering::Relaxed);
            std::mem::swap(&mut *items, taken);
        }
    }

    /// Takes all items and drops them.
    #[cfg(all(test, loom))]
    pub(super) fn clear(&self) {
        self.take(&mut Vec::new());
    }

    /// Announces that the hub will sleep. Returns false if there may be an item to take first. Called by the hub alone.
    pub(super) fn may_sleep(&self) -> bool {
        self.exchange(EMPTY, SLEEPING)
    }

    /// Returns true if the hub sleeps and nothing has been sent to it.
    pub(super) fn is_asleep(&self) -> bool {
        self.state.load(Ordering::Relaxed) == SLEEPING
    }

    /// Announces that the hub is awake again. Returns false if an item was sent in the meantime. Called by the hub alone.
    pub(super) fn awake(&self) -> bool {
        // This fails if an item was sent in the meantime; the word is PENDING then, as it has to be.
        self.exchange(SLEEPING, EMPTY)
    }

    fn exchange(&self, from: u8, to: u8) -> bool {
        self.state
            .compare_exchange(from, to, Ordering::Relaxed, Ordering::Relaxed)
            .is_ok()
    }
}

/// The buffer that the items of an inbox are taken into. It belongs to the hub's own OS thread.
pub(super) struct Drain<T>(Cell<Vec<T>>);

impl<T> Drain<T> {
    pub(super) const fn new() -> Self {
        Drain(Cell::new(Vec::new()))
    }

    /// Takes all items and calls `f` with each, in the order of sending.
    #[inline]
    pub(super) fn drain(&self, inbox: &Inbox<T>, f: impl FnMut(T)) {
        let mut taken = self.0.take();
        inbox.take(&mut taken);
        taken.drain(..).for_each(f);
        if taken.capacity() > MAX_CAPACITY {
            taken = Vec::new();
        }
        self.0.set(taken);
    }
}

#[cfg(all(test, loom))]
mod loom_tests {
    use loom::sync::{Arc, Notify};
    use loom::thread;

    use super::*;

    /// Runs a hub that takes `expected` items, and sleeps only when it may.
    fn hub(inbox: &Inbox<u32>, reactor: &Notify, expected: usize) -> Vec<u32> {
        let (mut taken, mut batch) = (Vec::new(), Vec::new());
        while taken.len() < expected {
            inbox.take(&mut batch);
            taken.append(&mut batch);
            if taken.len() < expected && inbox.may_sleep() {
                reactor.wait();
                inbox.awake();
            }
        }
        taken
    }

    fn send(inbox: &Inbox<u32>, reactor: &Notify, item: u32) {
        if inbox.send(item) {
            reactor.notify();
        }
    }

    #[test]
    fn no_item_is_slept_through() {
        let mut model = loom::model::Builder::new();
        model.preemption_bound = Some(2);
        model.check(|| {
            let shared = Arc::new((Inbox::new(), Notify::new()));
            let senders = [1, 2].map(|item| {
                let shared = shared.clone();
                thread::spawn(move || send(&shared.0, &shared.1, item))
            });
            let mut taken = hub(&shared.0, &shared.1, 2);
            taken.sort_unstable();
            assert_eq!(taken, [1, 2]);
            for sender in senders {
                sender.join().unwrap();
            }
        });
    }

    #[test]
    fn items_of_one_sender_stay_in_order() {
        loom::model(|| {
            let shared = Arc::new((Inbox::new(), Notify::new()));
            let sender = thread::spawn({
                let shared = shared.clone();
                move || {
                    send(&shared.0, &shared.1, 1);
                    send(&shared.0, &shared.1, 2);
                }
            });
            assert_eq!(hub(&shared.0, &shared.1, 2), [1, 2]);
            sender.join().unwrap();
        });
    }
}
