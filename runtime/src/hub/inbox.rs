//! The queue of messages from other OS threads to a hub.
//!
//! One word states whether there may be an item to take, and whether the hub sleeps:
//!
//! | | EMPTY | PENDING | SLEEPING or PARKED |
//! | --- | --- | --- | --- |
//! | a sender, once its item is in the list | becomes PENDING | stays | becomes PENDING, and it wakes the hub |
//! | the hub, before it takes the list | nothing to do | becomes EMPTY | not possible |
//! | the hub, before it sleeps | becomes SLEEPING or PARKED | may not sleep | not possible |
//! | the hub, once it is awake | not possible | stays | becomes EMPTY |
//!
//! A hub that sleeps in its reactor is SLEEPING, and is woken through that. One that watches no descriptor is PARKED: it blocks on the word
//! itself as a futex, which takes the OS half the time.
//!
//! The lock of the list orders the items, and the table above relies only on the modification order of a single word, so most
//! orderings are relaxed. What a hub is poked for is under another lock: a poke releases it, and the hub acquires it when it takes
//! the list.
#![forbid(unsafe_code)]

use std::cell::Cell;
#[cfg(all(any(target_os = "linux", target_os = "android"), not(loom)))]
use std::time::Instant;

use crate::wait::atomic::{AtomicU32, Mutex, Ordering, lock};
#[cfg(all(any(target_os = "linux", target_os = "android"), not(loom)))]
use crate::wait::futex;

/// Nothing has been sent since the list was last taken.
const EMPTY: u32 = 0;
/// Something may have been sent.
const PENDING: u32 = 1;
/// Nothing has been sent, and the hub sleeps in its reactor or is about to.
const SLEEPING: u32 = 2;
/// Nothing has been sent, and the hub sleeps on this word or is about to.
const PARKED: u32 = 3;

/// The largest capacity that the buffer keeps. A larger buffer is freed.
const MAX_CAPACITY: usize = 1024;

/// Where a hub sleeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bed {
    Reactor,
    /// The word of the inbox, where the OS has futexes.
    Word,
}

/// Whether a hub slept when something was sent to it.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slept {
    No,
    /// The sender has woken it.
    OnWord,
    /// The sender has to notify it.
    InReactor,
}

/// The items that other OS threads have sent, and whether the hub has to be woken for them.
#[derive(Debug)]
pub(super) struct Inbox<T> {
    items: Mutex<Vec<T>>,
    state: AtomicU32,
}

impl<T> Inbox<T> {
    pub(super) fn new() -> Self {
        Inbox {
            items: Mutex::new(Vec::new()),
            state: AtomicU32::new(EMPTY),
        }
    }

    /// Sends an item.
    pub(super) fn send(&self, item: T) -> Slept {
        lock(&self.items).push(item);
        self.poke()
    }

    /// Does the same without an item, for a hub that is to look elsewhere.
    pub(super) fn poke(&self) -> Slept {
        // Release: pairs with the acquire in `take`.
        match self.state.swap(PENDING, Ordering::Release) {
            SLEEPING => Slept::InReactor,
            PARKED => {
                #[cfg(all(any(target_os = "linux", target_os = "android"), not(loom)))]
                futex::wake(&self.state);
                Slept::OnWord
            }
            _ => Slept::No,
        }
    }

    /// Blocks while the hub may sleep on the word, or until the deadline. May return early without a reason. Called by the
    /// hub alone, after [`may_sleep`](Self::may_sleep) with [`Bed::Word`].
    #[cfg(all(any(target_os = "linux", target_os = "android"), not(loom)))]
    pub(super) fn park(&self, deadline: Option<Instant>) {
        futex::wait(&self.state, PARKED, deadline);
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
            // Under the lock: a thread that appends after this sets the word after this. A swap, and acquire: what all pokes were
            // for that this makes the hub forget, it sees from now on.
            self.state.swap(EMPTY, Ordering::Acquire);
            std::mem::swap(&mut *items, taken);
        }
    }

    /// Takes all items and drops them.
    #[cfg(all(test, loom))]
    pub(super) fn clear(&self) {
        self.take(&mut Vec::new());
    }

    /// Announces that the hub will sleep. Returns false if there may be an item to take first. Called by the hub alone.
    pub(super) fn may_sleep(&self, bed: Bed) -> bool {
        let asleep = match bed {
            Bed::Reactor => SLEEPING,
            Bed::Word => PARKED,
        };
        self.exchange(EMPTY, asleep)
    }

    /// Returns true if the hub sleeps and nothing has been sent to it.
    pub(super) fn is_asleep(&self) -> bool {
        matches!(self.state.load(Ordering::Relaxed), SLEEPING | PARKED)
    }

    /// Announces that the hub is awake again. Returns false if an item was sent in the meantime. Called by the hub alone.
    pub(super) fn awake(&self) -> bool {
        // These fail if an item was sent in the meantime; the word is PENDING then, as it has to be.
        self.exchange(SLEEPING, EMPTY) || self.exchange(PARKED, EMPTY)
    }

    fn exchange(&self, from: u32, to: u32) -> bool {
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
            if taken.len() < expected && inbox.may_sleep(Bed::Reactor) {
                reactor.wait();
                inbox.awake();
            }
        }
        taken
    }

    fn send(inbox: &Inbox<u32>, reactor: &Notify, item: u32) {
        if inbox.send(item) == Slept::InReactor {
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

    /// What the OS does for a futex: it compares the word, and wakes, under a lock of its own.
    struct Futex {
        bucket: Mutex<()>,
        woken: loom::sync::Condvar,
    }

    impl Futex {
        fn wait(&self, word: &AtomicU32) {
            let mut bucket = lock(&self.bucket);
            while word.load(Ordering::Relaxed) == PARKED {
                bucket = self.woken.wait(bucket).unwrap();
            }
        }

        fn wake(&self) {
            let bucket = lock(&self.bucket);
            self.woken.notify_all();
            drop(bucket);
        }
    }

    #[test]
    fn no_item_is_slept_through_on_the_word() {
        let mut model = loom::model::Builder::new();
        model.preemption_bound = Some(3);
        model.check(|| {
            let futex = Futex {
                bucket: Mutex::new(()),
                woken: loom::sync::Condvar::new(),
            };
            let shared = Arc::new((Inbox::new(), futex));
            let senders = [1, 2].map(|item| {
                let shared = shared.clone();
                thread::spawn(move || {
                    if shared.0.send(item) == Slept::OnWord {
                        shared.1.wake();
                    }
                })
            });
            let (mut taken, mut batch) = (Vec::new(), Vec::new());
            while taken.len() < 2 {
                shared.0.take(&mut batch);
                taken.append(&mut batch);
                if taken.len() < 2 && shared.0.may_sleep(Bed::Word) {
                    shared.1.wait(&shared.0.state);
                    shared.0.awake();
                }
            }
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
