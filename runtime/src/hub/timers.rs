//! Deadlines, ordered: a heap of four children a node, from which any entry can be removed.
//!
//! What is in the heap remembers its place there. A green thread that waits with a timeout and is woken
//! early takes its entry out, so what is held here is what can still fire. Entries of one deadline fire in the order in which they came.
#![forbid(unsafe_code)]

use std::time::{Duration, Instant};

/// Children of a node: a flatter tree touches fewer cache lines than one of two.
const ARITY: usize = 4;

/// The place of what is in no heap.
pub(super) const NOWHERE: u32 = u32::MAX;

/// Something that can be in a heap, once at a time, and remembers where.
pub(super) trait Placed: Copy {
    /// Remembers where in the heap it is; [`NOWHERE`] is not in it.
    fn set_place(self, place: u32);
}

/// An ordered set of deadlines, each with something to hand out when it has passed.
#[derive(Debug)]
pub(super) struct Timers<T> {
    /// Deadlines are counted from here, which takes half the room of an `Instant`.
    epoch: Instant,
    heap: Vec<Node<T>>,
    next_number: u64,
}

#[derive(Clone, Copy, Debug)]
struct Node<T> {
    /// Nanoseconds; what is too far away for the number never comes.
    deadline: u64,
    number: u64,
    value: T,
}

impl<T: Placed> Timers<T> {
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

    /// Adds `value`, which is not in the heap, to be handed out at `deadline`.
    pub(super) fn insert(&mut self, deadline: Instant, value: T) {
        let number = self.next_number;
        self.next_number += 1;
        let place = self.heap.len();
        self.heap.push(Node {
            deadline: self.nanoseconds(deadline),
            number,
            value,
        });
        self.settle(place);
        self.sift_up(place);
    }

    /// Takes out what is at `place`, before its time.
    pub(super) fn remove(&mut self, place: u32) {
        self.remove_at(place as usize);
    }

    /// When the next entry is due.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        let first = self.heap.first()?;
        self.epoch.checked_add(Duration::from_nanos(first.deadline))
    }

    /// Hands out one entry that is due at `now`.
    pub(super) fn pop_due(&mut self, now: Instant) -> Option<T> {
        let first = self.heap.first()?;
        (first.deadline <= self.nanoseconds(now)).then(|| self.remove_at(0))
    }

    fn nanoseconds(&self, time: Instant) -> u64 {
        let since = time.saturating_duration_since(self.epoch);
        since.as_nanos().try_into().unwrap_or(u64::MAX)
    }

    fn remove_at(&mut self, place: usize) -> T {
        let node = self.heap.swap_remove(place);
        node.value.set_place(NOWHERE);
        if place < self.heap.len() {
            self.settle(place);
            self.sift_up(place);
            self.sift_down(place);
        } else if self.heap.is_empty() && self.heap.capacity() > 1024 {
            // After a spike nothing is kept of what it took.
            self.heap = Vec::new();
        }
        node.value
    }

    /// Tells what is at `place` where it is.
    fn settle(&self, place: usize) {
        self.heap[place].value.set_place(place as u32);
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
        self.settle(a);
        self.settle(b);
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// A value that remembers its place.
    struct Value {
        value: u64,
        place: Cell<u32>,
    }

    impl Placed for &Value {
        fn set_place(self, place: u32) {
            self.place.set(place);
        }
    }

    fn value(value: u64) -> &'static Value {
        Box::leak(Box::new(Value {
            value,
            place: Cell::new(NOWHERE),
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
                    timers.remove(value.place.get());
                    assert_eq!(value.place.get(), NOWHERE);
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
                    assert!(fired.is_none_or(|value| value.place.get() == NOWHERE));
                }
            }
        }
        assert_eq!(timers.heap.len(), model.len());
        for (place, node) in timers.heap.iter().enumerate() {
            assert_eq!(node.value.place.get() as usize, place);
        }
    }
}
