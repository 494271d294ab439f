//! The deadlines of a hub, in order: a heap with four children per entry, from which any entry can be removed.
//!
//! Each value in the heap stores its index. A green thread that is woken before its deadline removes its entry, so the
//! heap contains only entries that can still fire. Entries with the same deadline fire in the order in which they were
//! inserted.
#![forbid(unsafe_code)]

use std::time::{Duration, Instant};

/// The number of children of an entry. A tree with four touches fewer cache lines than one with two.
const ARITY: usize = 4;

/// The index that a value stores while it is in no heap.
pub(super) const NOT_IN_HEAP: u32 = u32::MAX;

/// A value that can be in one heap, once, and stores its index there.
pub(super) trait Indexed: Copy {
    /// Stores the index of the value in the heap, or [`NOT_IN_HEAP`].
    fn set_index(self, index: u32);
}

/// An ordered set of deadlines, each with a value that is returned when the deadline has passed.
#[derive(Debug)]
pub(super) struct Timers<T> {
    /// The instant that deadlines are counted from, so that each takes half the space of an `Instant`.
    epoch: Instant,
    heap: Vec<TimerEntry<T>>,
    next_number: u64,
}

/// One deadline in the heap.
#[derive(Clone, Copy, Debug)]
struct TimerEntry<T> {
    /// Nanoseconds since the epoch. A deadline too far away for the number never passes.
    deadline: u64,
    number: u64,
    value: T,
}

impl<T: Indexed> Timers<T> {
    pub(super) fn new() -> Self {
        Timers {
            epoch: Instant::now(),
            heap: Vec::new(),
            next_number: 0,
        }
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.heap.is_empty()
    }

    /// Inserts `value`, which must not be in the heap, with its deadline.
    pub(super) fn insert(&mut self, deadline: Instant, value: T) {
        let number = self.next_number;
        self.next_number += 1;
        let entry = TimerEntry {
            deadline: self.nanoseconds(deadline),
            number,
            value,
        };
        let index = self.heap.len();
        self.heap.push(entry);
        self.sift_up(index, entry);
    }

    /// Removes the entry at `index`.
    pub(super) fn remove(&mut self, index: u32) {
        self.remove_at(index as usize);
    }

    /// Returns the earliest deadline.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        let first = self.heap.first()?;
        self.epoch.checked_add(Duration::from_nanos(first.deadline))
    }

    /// Returns the deadline of the entry at `index`.
    pub(super) fn deadline(&self, index: u32) -> Option<Instant> {
        let entry = self.heap.get(index as usize)?;
        self.epoch.checked_add(Duration::from_nanos(entry.deadline))
    }

    /// Removes the first entry and returns its value, if it is due at `now`.
    pub(super) fn pop_due(&mut self, now: Instant) -> Option<T> {
        let first = self.heap.first()?;
        (first.deadline <= self.nanoseconds(now)).then(|| self.remove_at(0))
    }

    fn nanoseconds(&self, time: Instant) -> u64 {
        let since = time.saturating_duration_since(self.epoch);
        since.as_nanos().try_into().unwrap_or(u64::MAX)
    }

    fn remove_at(&mut self, index: usize) -> T {
        let removed = self.heap.swap_remove(index);
        removed.value.set_index(NOT_IN_HEAP);
        match self.heap.get(index).copied() {
            // The last entry has taken the place.
            Some(last) if last.key() < removed.key() => self.sift_up(index, last),
            Some(last) => self.sift_down(index, last),
            // Frees the memory that a burst of timers needed.
            None if self.heap.is_empty() && self.heap.capacity() > 1024 => self.heap = Vec::new(),
            None => {}
        }
        removed.value
    }

    /// Puts `entry` at `index` or, if it is before the parents of that, further up.
    fn sift_up(&mut self, mut index: usize, entry: TimerEntry<T>) {
        while index > 0 {
            let parent = (index - 1) / ARITY;
            let above = self.heap[parent];
            if above.key() < entry.key() {
                break;
            }
            self.put(index, above);
            index = parent;
        }
        self.put(index, entry);
    }

    /// Puts `entry` at `index` or, if it is after the children of that, further down.
    fn sift_down(&mut self, mut index: usize, entry: TimerEntry<T>) {
        loop {
            let first = index * ARITY + 1;
            let children = &self.heap[first.min(self.heap.len())..];
            let least = match children.first_chunk::<ARITY>() {
                // The common case, without a branch for each comparison, which would be mispredicted.
                Some([a, b, c, d]) => {
                    let (left, right) = (b.key() < a.key(), d.key() < c.key());
                    let (a, c) = (usize::from(left), 2 + usize::from(right));
                    if children[c].key() < children[a].key() {
                        c
                    } else {
                        a
                    }
                }
                None => {
                    let least = (0..children.len()).min_by_key(|&child| children[child].key());
                    let Some(least) = least else { break };
                    least
                }
            };
            let below = children[least];
            if entry.key() < below.key() {
                break;
            }
            self.put(index, below);
            index = first + least;
        }
        self.put(index, entry);
    }

    fn put(&mut self, index: usize, entry: TimerEntry<T>) {
        self.heap[index] = entry;
        entry.value.set_index(index as u32);
    }
}

impl<T> TimerEntry<T> {
    /// What entries are ordered by. One number is compared without a branch.
    #[inline]
    fn key(&self) -> u128 {
        u128::from(self.deadline) << 64 | u128::from(self.number)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// A value that stores its index.
    struct Value {
        value: u64,
        index: Cell<u32>,
    }

    impl Indexed for &Value {
        fn set_index(self, index: u32) {
            self.index.set(index);
        }
    }

    fn value(value: u64) -> &'static Value {
        Box::leak(Box::new(Value {
            value,
            index: Cell::new(NOT_IN_HEAP),
        }))
    }

    #[test]
    fn fires_in_order_of_deadline_then_of_arrival() {
        let mut timers = Timers::new();
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        for (index, seconds) in (0..).zip([5, 3, 9, 3, 1, 9, 5]) {
            timers.insert(at(seconds), value(index));
        }
        assert!(timers.pop_due(start).is_none());
        assert!(timers.next_deadline().unwrap() <= at(1));
        let order: Vec<_> = std::iter::from_fn(|| timers.pop_due(at(10)))
            .map(|value| value.value)
            .collect();
        assert_eq!(order, [4, 1, 3, 0, 6, 2, 5]);
    }

    #[test]
    fn agrees_with_a_sorted_list_under_random_use() {
        let start = Instant::now();
        let seed = start.elapsed().as_nanos() as u64 ^ u64::from(std::process::id()) << 20;
        println!("seed {seed}");
        let mut state = seed | 1;
        let mut random = move |below: u64| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state % below
        };
        let mut timers = Timers::new();
        let start = timers.epoch;
        let mut model: Vec<(u64, u64, &Value)> = Vec::new();
        for step in 0..20_000 {
            match random(4) {
                0 | 1 => {
                    let due = random(1000);
                    let value = value(step);
                    timers.insert(start + Duration::from_millis(due), value);
                    model.push((due, step, value));
                }
                2 if !model.is_empty() => {
                    let (_, _, value) = model.swap_remove(random(model.len() as u64) as usize);
                    timers.remove(value.index.get());
                    assert_eq!(value.index.get(), NOT_IN_HEAP);
                }
                _ => {
                    let now = random(1000);
                    model.sort_by_key(|&(due, step, _)| (due, step));
                    let expected = match model.first() {
                        Some(&(due, step, _)) if due <= now => {
                            model.remove(0);
                            Some(step)
                        }
                        _ => None,
                    };
                    let fired = timers.pop_due(start + Duration::from_millis(now));
                    assert_eq!(fired.map(|value| value.value), expected);
                    assert!(fired.is_none_or(|value| value.index.get() == NOT_IN_HEAP));
                }
            }
        }
        assert_eq!(timers.heap.len(), model.len());
        for (index, entry) in timers.heap.iter().enumerate() {
            assert_eq!(entry.value.index.get() as usize, index);
        }
    }
}
