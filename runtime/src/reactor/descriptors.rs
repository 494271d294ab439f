//! The descriptors that one reactor polls, each with its readiness and its waiters.
//!
//! Each registration has a [`Key`], which events carry. Keys are not reused: once the descriptor has been forgotten, its
//! key is stale, although its index in the table and its number in the OS may then belong to another one.
#![forbid(unsafe_code)]

use std::num::NonZero;
use std::os::fd::RawFd;

use slab::Slab;

use super::readiness::{Direction, Readiness};

/// The number of bits of a key that are the index in the table. The other bits are the generation.
const INDEX_BITS: u32 = usize::BITS / 2;
const INDICES: usize = 1 << INDEX_BITS;

/// Identifies one registration of one descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key(pub(super) usize);

/// The table, with waiters `W`.
#[derive(Debug)]
pub(crate) struct Descriptors<W> {
    entries: Slab<Registration<W>>,
    /// The generation of the latest registration.
    generation: usize,
    /// The key of the latest registration of each number of the OS; zero if there was none. It may be stale.
    numbers: Vec<usize>,
}

/// One registered descriptor. It fills one cache line: a vacant entry of the table needs no tag, since its generation
/// is zero.
#[derive(Debug)]
#[repr(align(64))]
struct Registration<W> {
    generation: NonZero<usize>,
    ready: Readiness,
    readers: Waiting<W>,
    writers: Waiting<W>,
}

#[cfg(target_pointer_width = "64")]
const _: () = assert!(size_of::<Option<Registration<std::ptr::NonNull<()>>>>() == 64);

/// The waiters for one direction. There is mostly none or one, which needs no allocation.
#[derive(Debug)]
struct Waiting<W> {
    first: Option<W>,
    /// The latest epoch in which a waiter began to wait without having asked the OS about the descriptor; zero if there is
    /// none since [`Descriptors::waits_since`] last returned the waiters.
    since: u32,
    #[expect(
        clippy::box_collection,
        reason = "others are rare, and the entry must fit into a cache line"
    )]
    others: Option<Box<Vec<W>>>,
}

impl<W: Copy + PartialEq> Descriptors<W> {
    pub(crate) fn new() -> Self {
        Descriptors {
            entries: Slab::new(),
            generation: 0,
            numbers: Vec::new(),
        }
    }

    /// Returns the number of descriptors.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Inserts a descriptor that is not ready until an event reports that it is. Returns `None` if there are no more
    /// keys.
    pub(crate) fn insert(&mut self) -> Option<Key> {
        let index = self.entries.vacant_key();
        if index >= INDICES {
            return None;
        }
        // From 1 to the largest generation that fits into a key, and around.
        self.generation = self.generation % (INDICES - 1) + 1;
        let generation = NonZero::new(self.generation).expect("one was added");
        self.entries.insert(Registration {
            generation,
            ready: Readiness::NONE,
            readers: Waiting::new(),
            writers: Waiting::new(),
        });
        Some(Key(self.generation << INDEX_BITS | index))
    }

    /// Records that the descriptor of a number is now registered under `key`.
    pub(crate) fn set_number(&mut self, fd: RawFd, key: Key) {
        let Ok(number) = usize::try_from(fd) else {
            return;
        };
        if self.numbers.len() <= number {
            self.numbers.resize(number + 1, 0);
        }
        self.numbers[number] = key.0;
    }

    /// Returns the key of the latest registration under a number; `None` if it was removed.
    pub(crate) fn find(&self, fd: RawFd) -> Option<Key> {
        let key = Key(*self.numbers.get(usize::try_from(fd).ok()?)?);
        self.allows(key, Direction::Read).map(|_| key)
    }

    /// Removes a descriptor, and passes its waiters to `wake`.
    pub(crate) fn remove(&mut self, key: Key, mut wake: impl FnMut(W)) {
        if self.entry(key).is_some() {
            let mut entry = self.entries.remove(key.index());
            entry.readers.drain(&mut wake);
            entry.writers.drain(&mut wake);
        }
    }

    /// Returns true if an attempt has a chance, and `None` if the key is stale.
    #[inline]
    pub(crate) fn allows(&self, key: Key, direction: Direction) -> Option<bool> {
        let entry = self.entries.get(key.index())?;
        (entry.generation.get() == key.generation()).then(|| entry.ready.allows(direction))
    }

    /// Records an event, and removes the waiters for it and passes them to `wake`. Does nothing if the key is stale.
    #[inline]
    pub(crate) fn set_ready(&mut self, key: Key, ready: Readiness, mut wake: impl FnMut(W)) {
        let Some(entry) = self.entry(key) else {
            return;
        };
        entry.ready = entry.ready | ready;
        if ready.allows(Direction::Read) {
            entry.readers.drain(&mut wake);
        }
        if ready.allows(Direction::Write) {
            entry.writers.drain(&mut wake);
        }
    }

    /// Remembers that an attempt would have blocked.
    pub(crate) fn has_blocked(&mut self, key: Key, direction: Direction) {
        if let Some(entry) = self.entry(key) {
            entry.ready = entry.ready.after_blocking(direction);
        }
    }

    /// Remembers that a transfer moved fewer bytes than it could have.
    #[inline]
    pub(crate) fn was_short(&mut self, key: Key, direction: Direction) {
        if let Some(entry) = self.entry(key) {
            entry.ready = entry.ready.after_a_short_transfer(direction);
        }
    }

    /// Adds a waiter for a chance of an attempt. `epoch` is at least 1, or 0 if [`waits_since`](Self::waits_since) need not
    /// return the waiter. Returns false if an attempt has a chance now, or the key is stale.
    #[inline]
    pub(crate) fn enlist(&mut self, key: Key, direction: Direction, waiter: W, epoch: u32) -> bool {
        match self.entry(key) {
            Some(entry) if !entry.ready.allows(direction) => {
                let waiting = entry.waiting(direction);
                waiting.since = epoch.max(waiting.since);
                waiting.push(waiter);
                true
            }
            _ => false,
        }
    }

    /// Passes the waiters that wait since an epoch before `epoch` to `hand`, once each, for at most `most` directions of
    /// descriptors. Returns true if there are others, for a later call.
    pub(crate) fn waits_since(&mut self, epoch: u32, most: usize, mut hand: impl FnMut(W)) -> bool {
        let mut left = most;
        let mut are_others = false;
        for (_, entry) in &mut self.entries {
            for waiting in [&mut entry.readers, &mut entry.writers] {
                if waiting.since == 0 || waiting.is_empty() {
                    continue;
                }
                if waiting.since >= epoch || left == 0 {
                    are_others = true;
                    continue;
                }
                left -= 1;
                waiting.since = 0;
                waiting.iter().for_each(&mut hand);
            }
        }
        are_others
    }

    /// Passes all waiters to `hand`.
    pub(crate) fn all_waiting(&self, mut hand: impl FnMut(W)) {
        for (_, entry) in &self.entries {
            entry.readers.iter().for_each(&mut hand);
            entry.writers.iter().for_each(&mut hand);
        }
    }

    /// Removes a waiter, if it is still in the table, and returns whether an attempt has a chance, as
    /// [`allows`](Self::allows) does.
    pub(crate) fn withdraw(&mut self, key: Key, direction: Direction, waiter: W) -> Option<bool> {
        let entry = self.entry(key)?;
        entry.waiting(direction).remove(waiter);
        Some(entry.ready.allows(direction))
    }

    fn entry(&mut self, key: Key) -> Option<&mut Registration<W>> {
        let entry = self.entries.get_mut(key.index())?;
        (entry.generation.get() == key.generation()).then_some(entry)
    }
}

impl Key {
    /// Returns the key as a number, for callers that only store it.
    pub(crate) fn to_bits(self) -> usize {
        self.0
    }

    /// Restores a key from the number that [`Key::to_bits`] returned.
    pub(crate) fn from_bits(bits: usize) -> Key {
        Key(bits)
    }

    fn index(self) -> usize {
        self.0 % INDICES
    }

    fn generation(self) -> usize {
        self.0 >> INDEX_BITS
    }
}

impl<W> Registration<W> {
    fn waiting(&mut self, direction: Direction) -> &mut Waiting<W> {
        match direction {
            Direction::Read => &mut self.readers,
            Direction::Write => &mut self.writers,
        }
    }
}

impl<W: Copy + PartialEq> Waiting<W> {
    fn new() -> Self {
        Waiting {
            first: None,
            since: 0,
            others: None,
        }
    }

    fn is_empty(&self) -> bool {
        self.first.is_none() && self.others.is_none()
    }

    fn iter(&self) -> impl Iterator<Item = W> {
        let others = self.others.iter().flat_map(|others| others.iter());
        self.first.iter().chain(others).copied()
    }

    fn push(&mut self, waiter: W) {
        if self.is_empty() {
            self.first = Some(waiter);
        } else {
            self.others.get_or_insert_default().push(waiter);
        }
    }

    fn remove(&mut self, waiter: W) {
        if self.first == Some(waiter) {
            self.first = None;
        } else if let Some(others) = &mut self.others {
            others.retain(|other| *other != waiter);
            if others.is_empty() {
                self.others = None;
            }
        }
    }

    /// Removes all waiters and passes them to `wake`, in the order in which they were added.
    #[inline]
    fn drain(&mut self, mut wake: impl FnMut(W)) {
        if let Some(waiter) = self.first.take() {
            wake(waiter);
        }
        if let Some(others) = self.others.take() {
            others.into_iter().for_each(wake);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn woken(act: impl FnOnce(&mut dyn FnMut(u32))) -> Vec<u32> {
        let mut woken = Vec::new();
        act(&mut |waiter| woken.push(waiter));
        woken
    }

    #[test]
    fn an_event_wakes_the_waiters_of_its_direction_in_order() {
        let mut table = Descriptors::new();
        let key = table.insert().unwrap();
        for waiter in [1, 2, 3] {
            assert!(table.enlist(key, Direction::Read, waiter, 0));
        }
        assert!(table.enlist(key, Direction::Write, 4, 0));
        assert_eq!(table.withdraw(key, Direction::Read, 1), Some(false));
        assert!(table.enlist(key, Direction::Read, 5, 0));
        assert_eq!(
            woken(|wake| table.set_ready(key, Readiness::READABLE, wake)),
            [2, 3, 5]
        );
        assert!(
            !table.enlist(key, Direction::Read, 6, 0),
            "it is remembered"
        );
        table.has_blocked(key, Direction::Read);
        assert!(table.enlist(key, Direction::Read, 6, 0));
        assert_eq!(woken(|wake| table.remove(key, wake)), [6, 4]);
    }

    #[test]
    fn long_waits_are_reported_once() {
        let mut table = Descriptors::new();
        let [one, other] = [(); 2].map(|()| table.insert().unwrap());
        for (key, direction, waiter, epoch) in [
            (one, Direction::Read, 1, 1),
            (one, Direction::Read, 2, 0),
            (one, Direction::Write, 3, 0),
            (other, Direction::Read, 4, 2),
            (other, Direction::Write, 5, 1),
        ] {
            assert!(table.enlist(key, direction, waiter, epoch));
        }
        let mut since = |epoch, most| {
            let mut others = false;
            let handed = woken(|hand| others = table.waits_since(epoch, most, hand));
            (handed, others)
        };
        assert_eq!(since(1, 9), (vec![], true));
        assert_eq!(since(2, 1), (vec![1, 2], true));
        assert_eq!(since(2, 9), (vec![5], true));
        assert_eq!(since(3, 9), (vec![4], false));
        assert_eq!(since(9, 9), (vec![], false));
        assert_eq!(woken(|hand| table.all_waiting(hand)), [1, 2, 3, 4, 5]);
        // A later wait is reported again.
        table.set_ready(one, Readiness::READABLE, |_| ());
        table.has_blocked(one, Direction::Read);
        assert!(table.enlist(one, Direction::Read, 6, 7));
        assert_eq!(woken(|hand| _ = table.waits_since(8, 9, hand)), [6]);
    }

    #[test]
    fn a_stale_event_has_no_effect() {
        let mut table = Descriptors::<u32>::new();
        let old = table.insert().unwrap();
        table.remove(old, |_| ());
        let new = table.insert().unwrap();
        assert_eq!(old.index(), new.index());
        assert_ne!(old, new);
        table.set_ready(old, Readiness::READABLE, |_| ());
        assert_eq!(table.allows(new, Direction::Read), Some(false));
        assert_eq!(table.allows(old, Direction::Read), None);
        table.remove(old, |_| ());
        assert_eq!(table.len(), 1);
    }

    #[test]
    fn a_number_is_that_of_the_latest_registration() {
        let mut table = Descriptors::<u32>::new();
        let [one, other] = [(); 2].map(|()| table.insert().unwrap());
        assert_eq!((table.find(3), table.find(-1)), (None, None));
        table.set_number(3, one);
        assert_eq!((table.find(2), table.find(3)), (None, Some(one)));
        table.set_number(3, other);
        assert_eq!(table.find(3), Some(other));
        table.remove(other, |_| ());
        assert_eq!(table.find(3), None, "it is stale");
    }
}
