//! Deadlines, ordered: a heap of four children a node, from which any entry can be removed.
//!
//! A green thread that waits with a timeout and is woken early takes its entry out, so what is held
//! here is what can still fire. Entries of one deadline fire in the order in which they came.
#![forbid(unsafe_code)]

use std::time::Instant;

use slab::Slab;

/// Children of a node: a flatter tree touches fewer cache lines than one of two.
const ARITY: usize = 4;

/// An ordered set of deadlines, each with something to hand out when it has passed.
#[derive(Debug)]
pub(super) struct Timers<T> {
    heap: Vec<Node>,
    entries: Slab<Entry<T>>,
    next_number: u64,
}

#[derive(Clone, Copy, Debug)]
struct Node {
    deadline: Instant,
    number: u64,
    entry: usize,
}

#[derive(Debug)]
struct Entry<T> {
    value: T,
    number: u64,
    /// Where in the heap its node is.
    place: usize,
}

/// Names one entry; stale once it has fired or was removed, and never names another.
#[derive(Clone, Copy, Debug)]
pub(super) struct TimerKey {
    entry: usize,
    number: u64,
}

impl<T> Timers<T> {
    pub(super) fn new() -> Self {
        Timers {
            heap: Vec::new(),
            entries: Slab::new(),
            next_number: 0,
        }
    }

    /// Adds `value`, to be handed out at `deadline`.
    pub(super) fn insert(&mut self, deadline: Instant, value: T) -> TimerKey {
        let number = self.next_number;
        self.next_number += 1;
        let place = self.heap.len();
        let entry = self.entries.insert(Entry {
            value,
            number,
            place,
        });
        self.heap.push(Node {
            deadline,
            number,
            entry,
        });
        self.sift_up(place);
        TimerKey { entry, number }
    }

    /// Takes an entry out before its time; nothing if it has been handed out already.
    pub(super) fn remove(&mut self, key: TimerKey) -> Option<T> {
        let entry = self.entries.get(key.entry)?;
        if entry.number != key.number {
            return None;
        }
        Some(self.remove_at(entry.place))
    }

    /// When the next entry is due.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.heap.first().map(|node| node.deadline)
    }

    /// Hands out one entry that is due at `now`.
    pub(super) fn pop_due(&mut self, now: Instant) -> Option<T> {
        match self.next_deadline() {
            Some(deadline) if deadline <= now => Some(self.remove_at(0)),
            _ => None,
        }
    }

    fn remove_at(&mut self, place: usize) -> T {
        let node = self.heap.swap_remove(place);
        if place < self.heap.len() {
            self.entries[self.heap[place].entry].place = place;
            self.sift_up(place);
            self.sift_down(place);
        }
        let value = self.entries.remove(node.entry).value;
        if self.heap.is_empty() {
            // After a spike nothing is kept of what it took.
            if self.heap.capacity() > 1024 {
                self.heap = Vec::new();
                self.entries = Slab::new();
            }
        }
        value
    }

    fn sift_up(&mut self, mut place: usize) {
        while place > 0 {
            let parent = (place - 1) / ARITY;
            if self.before(parent, place) {
                return;
            }
            self.swap(parent, place);
            place = parent;
        }
    }

    fn sift_down(&mut self, mut place: usize) {
        loop {
            let children = place * ARITY + 1..(place * ARITY + 1 + ARITY).min(self.heap.len());
            let Some(least) = children.reduce(|a, b| if self.before(a, b) { a } else { b }) else {
                return;
            };
            if self.before(place, least) {
                return;
            }
            self.swap(place, least);
            place = least;
        }
    }

    fn before(&self, a: usize, b: usize) -> bool {
        let (a, b) = (&self.heap[a], &self.heap[b]);
        (a.deadline, a.number) < (b.deadline, b.number)
    }

    fn swap(&mut self, a: usize, b: usize) {
        self.heap.swap(a, b);
        self.entries[self.heap[a].entry].place = a;
        self.entries[self.heap[b].entry].place = b;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn fires_in_order_of_deadline_then_of_arrival() {
        let start = Instant::now();
        let mut timers = Timers::new();
        let at = |seconds| start + Duration::from_secs(seconds);
        for (index, seconds) in [5, 3, 9, 3, 1, 9, 5].into_iter().enumerate() {
            timers.insert(at(seconds), index);
        }
        assert_eq!(timers.pop_due(start), None);
        let order: Vec<_> = std::iter::from_fn(|| timers.pop_due(at(10))).collect();
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
        let mut model: Vec<(u64, u64, TimerKey)> = Vec::new();
        let mut stale = Vec::new();
        for step in 0..20_000 {
            match random(4) {
                0 | 1 => {
                    let due = random(1000);
                    let key = timers.insert(start + Duration::from_millis(due), step);
                    model.push((due, step, key));
                }
                2 if !model.is_empty() => {
                    let (_, value, key) = model.swap_remove(random(model.len() as u64) as usize);
                    assert_eq!(timers.remove(key), Some(value));
                    stale.push(key);
                }
                _ => {
                    let now = random(1000);
                    model.sort_by_key(|&(due, step, _)| (due, step));
                    let expected = match model.first() {
                        Some(&(due, value, key)) if due <= now => {
                            model.remove(0);
                            stale.push(key);
                            Some(value)
                        }
                        _ => None,
                    };
                    assert_eq!(timers.pop_due(start + Duration::from_millis(now)), expected);
                }
            }
        }
        for key in stale {
            assert_eq!(timers.remove(key), None, "a stale key names nothing");
        }
        assert_eq!(timers.heap.len(), model.len());
    }
}
