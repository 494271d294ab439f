//! The tasks that are ready to run, in order.
//!
//! Invariant:
//! 1. The queue is borrowed only inside the functions below. None of them calls code that could call one of them again,
//!    and the queue is used on one OS thread, since it is not `Sync`.
#![allow(unsafe_code)]

use std::cell::{Cell, UnsafeCell};
use std::collections::VecDeque;
use std::mem;
use std::ptr::NonNull;

use super::task::{Address, State, Task};

/// The capacity that is never freed. It is allocated with the hub, so that a burst of tasks leaves nothing behind above
/// it in the allocator's memory.
const MIN_CAPACITY: usize = 4096;

/// A queue, first in, first out.
pub(super) struct RunQueue {
    tasks: UnsafeCell<VecDeque<NonNull<Task>>>,
    /// The queue of the minimum capacity, while a larger one is in use.
    spare: Cell<Option<VecDeque<NonNull<Task>>>>,
}

impl RunQueue {
    pub(super) fn new() -> Self {
        RunQueue {
            tasks: UnsafeCell::new(VecDeque::with_capacity(MIN_CAPACITY)),
            spare: Cell::new(None),
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

    /// Returns the first task.
    #[inline]
    pub(super) fn front(&self) -> Option<NonNull<Task>> {
        self.with(|tasks| tasks.front().copied())
    }

    /// Calls `f` with each task after the first `count`, in order.
    pub(super) fn each_after(&self, count: usize, mut f: impl FnMut(NonNull<Task>)) {
        for index in count.. {
            let Some(task) = self.with(|tasks| tasks.get(index).copied()) else {
                return;
            };
            f(task);
        }
    }

    /// Returns the second task.
    #[inline]
    pub(super) fn second(&self) -> Option<NonNull<Task>> {
        self.with(|tasks| tasks.get(1).copied())
    }

    /// Makes a waiting task ready. If the task is running, its next park returns at once. If the address is stale, nothing
    /// happens or another task has a spurious wakeup.
    #[inline]
    pub(super) fn wake(&self, task: Address) {
        match task.state().get() {
            State::Waiting => {
                task.state().set(State::Ready);
                self.push(task.0);
            }
            State::Running => task.state().set(State::Notified),
            State::Free | State::New | State::Ready | State::Notified => {}
        }
    }

    /// Appends a task, which is `New` or `Ready`.
    #[inline]
    pub(super) fn push(&self, task: NonNull<Task>) {
        self.with(|tasks| {
            if tasks.len() == tasks.capacity() {
                self.grow(tasks);
            }
            tasks.push_back(task);
        });
    }

    /// Puts a task back to the front.
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
        let mut larger = VecDeque::with_capacity(2 * tasks.capacity());
        larger.append(tasks);
        let smaller = mem::replace(tasks, larger);
        if smaller.capacity() == MIN_CAPACITY {
            self.spare.set(Some(smaller));
        }
    }

    /// Frees what was allocated beyond the minimum capacity. The queue must be empty.
    #[inline]
    pub(super) fn shrink(&self) {
        if let Some(spare) = self.spare.take() {
            debug_assert!(self.is_empty(), "no task is lost");
            self.with(|tasks| *tasks = spare);
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
    fn order_is_kept_while_the_queue_grows_and_shrinks() {
        let queue = RunQueue::new();
        let task = |number: usize| NonNull::new(std::ptr::without_provenance_mut(number)).unwrap();
        for round in 0..3 {
            for number in 2..10 * MIN_CAPACITY {
                queue.push(task(number));
            }
            queue.push_front(task(1));
            for number in 1..10 * MIN_CAPACITY {
                assert_eq!(queue.front(), Some(task(number)));
                assert_eq!(queue.pop(), Some(task(number)), "round {round}");
            }
            assert!(queue.pop().is_none() && queue.is_empty());
            queue.shrink();
            assert_eq!(queue.with(|tasks| tasks.capacity()), MIN_CAPACITY);
        }
    }
}
