//! The tasks that can run, in order.
//!
//! Invariant:
//! 1. The queue is borrowed inside the functions below only, none of which calls anything that could come
//!    back here; and it is on one OS thread, since it is not `Sync`.
#![allow(unsafe_code)]

use std::cell::{Cell, UnsafeCell};
use std::collections::VecDeque;
use std::mem;
use std::ptr::NonNull;

use super::task::Task;

/// Room for so many tasks is never given back. It is made with the hub, so that a crowd which comes and goes
/// leaves nothing behind above it in the allocator's memory.
const LEAST: usize = 4096;

/// First in, first out.
pub(super) struct RunQueue {
    tasks: UnsafeCell<VecDeque<NonNull<Task>>>,
    /// The least room, while there is more.
    least: Cell<Option<VecDeque<NonNull<Task>>>>,
}

impl RunQueue {
    pub(super) fn new() -> Self {
        RunQueue {
            tasks: UnsafeCell::new(VecDeque::with_capacity(LEAST)),
            least: Cell::new(None),
        }
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.with(|tasks| tasks.is_empty())
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        self.with(|tasks| tasks.len())
    }

    /// The task that will be taken next.
    #[inline]
    pub(super) fn front(&self) -> Option<NonNull<Task>> {
        self.with(|tasks| tasks.front().copied())
    }

    /// The task after that.
    #[inline]
    pub(super) fn second(&self) -> Option<NonNull<Task>> {
        self.with(|tasks| tasks.get(1).copied())
    }

    #[inline]
    pub(super) fn push(&self, task: NonNull<Task>) {
        self.with(|tasks| {
            if tasks.len() == tasks.capacity() {
                self.grow(tasks);
            }
            tasks.push_back(task);
        });
    }

    /// Puts a task back that was taken, to be the next.
    pub(super) fn push_front(&self, task: NonNull<Task>) {
        self.with(|tasks| {
            if tasks.len() == tasks.capacity() {
                self.grow(tasks);
            }
            tasks.push_front(task);
        });
    }

    #[inline]
    pub(super) fn pop(&self) -> Option<NonNull<Task>> {
        self.with(VecDeque::pop_front)
    }

    #[cold]
    fn grow(&self, tasks: &mut VecDeque<NonNull<Task>>) {
        let mut more = VecDeque::with_capacity(2 * tasks.capacity());
        more.append(tasks);
        let less = mem::replace(tasks, more);
        if less.capacity() == LEAST {
            self.least.set(Some(less));
        }
    }

    /// Gives back what a crowd has left behind. To be called when the queue is empty.
    #[inline]
    pub(super) fn give_back(&self) {
        if let Some(least) = self.least.take() {
            debug_assert!(self.is_empty(), "nobody is lost");
            self.with(|tasks| *tasks = least);
        }
    }

    #[inline]
    fn with<R>(&self, f: impl FnOnce(&mut VecDeque<NonNull<Task>>) -> R) -> R {
        // SAFETY: by invariant 1.
        f(unsafe { &mut *self.tasks.get() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_is_kept_through_a_crowd_whose_room_is_given_back() {
        let queue = RunQueue::new();
        let task = |number: usize| NonNull::new(std::ptr::without_provenance_mut(number)).unwrap();
        for round in 0..3 {
            for number in 2..10 * LEAST {
                queue.push(task(number));
            }
            queue.push_front(task(1));
            for number in 1..10 * LEAST {
                assert_eq!(queue.front(), Some(task(number)));
                assert_eq!(queue.pop(), Some(task(number)), "round {round}");
            }
            assert!(queue.pop().is_none() && queue.is_empty());
            queue.give_back();
            assert_eq!(queue.with(|tasks| tasks.capacity()), LEAST);
        }
    }
}
