//! The green threads of a worker that no worker has begun yet.
//!
//! A green thread that runs stays on its hub. Until then any worker may take it: its own, or one that has nothing else to
//! run.
#![forbid(unsafe_code)]

use std::collections::VecDeque;
use std::time::Instant;

use crate::wait::atomic::{AtomicUsize, Mutex, Ordering, lock};

/// The largest number of items that another worker takes at once.
const MOST_STOLEN: usize = 128;
/// The largest capacity that the queue keeps. A larger buffer is freed.
const MAX_CAPACITY: usize = 4096;

/// A queue, first in, first out. `T` is what starts a green thread.
#[derive(Debug)]
pub(super) struct Unstarted<T> {
    items: Mutex<VecDeque<T>>,
    /// The number of items. Changed under the lock.
    len: AtomicUsize,
    /// How many items were taken out so far: while it stays, the first item does. Changed under the lock.
    taken: AtomicUsize,
}

/// The first item of a queue, without the item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Front(usize);

/// What a worker has seen in the queue of another: the first item, and when it was seen first.
pub(super) type Sight = Option<(Front, Instant)>;

impl<T> Unstarted<T> {
    pub(super) fn new() -> Self {
        Unstarted {
            items: Mutex::new(VecDeque::new()),
            len: AtomicUsize::new(0),
            taken: AtomicUsize::new(0),
        }
    }

    /// Appends an item.
    pub(super) fn push(&self, item: T) {
        let mut items = lock(&self.items);
        items.push_back(item);
        self.len.store(items.len(), Ordering::Relaxed);
    }

    /// Appends items.
    pub(super) fn append(&self, new: impl Iterator<Item = T>) {
        let mut items = lock(&self.items);
        items.extend(new);
        self.len.store(items.len(), Ordering::Relaxed);
    }

    /// Returns true if there seems to be an item. A search for work that is ordered by a fence misses none.
    #[inline]
    pub(super) fn is_any(&self) -> bool {
        self.len.load(Ordering::Relaxed) > 0
    }

    /// Returns the number of items.
    pub(super) fn len(&self) -> usize {
        self.len.load(Ordering::Relaxed)
    }

    /// Returns which item is the first, if there is one.
    pub(super) fn front(&self) -> Option<Front> {
        self.is_any()
            .then(|| Front(self.taken.load(Ordering::Relaxed)))
    }

    /// Takes the first items, at most as many as `limit` returns for the number of all of them, into `taken`.
    pub(super) fn take(&self, limit: impl FnOnce(usize) -> usize, taken: &mut Vec<T>) {
        if !self.is_any() {
            return;
        }
        let mut items = lock(&self.items);
        let count = limit(items.len()).min(items.len());
        taken.extend(items.drain(..count));
        if items.is_empty() && items.capacity() > MAX_CAPACITY {
            *items = VecDeque::new();
        }
        self.len.store(items.len(), Ordering::Relaxed);
        let before = self.taken.load(Ordering::Relaxed);
        self.taken
            .store(before.wrapping_add(count), Ordering::Relaxed);
    }

    /// Takes the first half of the items for another worker, into `taken`.
    pub(super) fn steal(&self, taken: &mut Vec<T>) {
        self.take(|len| len.div_ceil(2).min(MOST_STOLEN), taken);
    }

    /// Calls `f` with each item.
    pub(super) fn for_each(&self, f: impl FnMut(&mut T)) {
        lock(&self.items).iter_mut().for_each(f);
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    fn all<T>(unstarted: &Unstarted<T>) -> Vec<T> {
        let mut taken = Vec::new();
        unstarted.take(|len| len, &mut taken);
        taken
    }

    #[test]
    fn half_of_the_items_are_stolen_from_the_front() {
        let unstarted = Unstarted::new();
        (0..5).for_each(|number| unstarted.push(number));
        let mut stolen = Vec::new();
        unstarted.steal(&mut stolen);
        assert_eq!(stolen, [0, 1, 2]);
        assert_eq!(all(&unstarted), [3, 4]);
        assert!(!unstarted.is_any());
        unstarted.steal(&mut stolen);
        assert_eq!(stolen, [0, 1, 2], "there is nothing to steal");
    }

    #[test]
    fn no_more_are_stolen_at_once_than_the_limit() {
        let unstarted = Unstarted::new();
        (0..10 * MOST_STOLEN).for_each(|number| unstarted.push(number));
        let mut stolen = Vec::new();
        unstarted.steal(&mut stolen);
        assert_eq!(stolen.len(), MOST_STOLEN);
        assert_eq!(all(&unstarted).len(), 9 * MOST_STOLEN);
    }

    #[test]
    fn the_first_item_is_another_once_one_is_taken() {
        let unstarted = Unstarted::new();
        assert_eq!(unstarted.front(), None);
        unstarted.push('a');
        let first = unstarted.front();
        unstarted.push('b');
        assert_eq!(
            unstarted.front(),
            first,
            "an item behind it changes nothing"
        );
        unstarted.take(|_| 1, &mut Vec::new());
        assert!(unstarted.front().is_some());
        assert_ne!(unstarted.front(), first);
    }
}
