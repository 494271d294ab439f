//! The tasks that can run, in order.
//!
//! Invariant:
//! 1. The queue is borrowed inside the functions below only, none of which calls anything that could come
//!    back here; and it is on one OS thread, since it is not `Sync`.
#![allow(unsafe_code)]

use std::cell::UnsafeCell;
use std::collections::VecDeque;
use std::ptr::NonNull;

use super::task::Task;

/// Room that an empty queue keeps after a spike.
const LEAST: usize = 4096;

/// First in, first out.
#[derive(Debug)]
pub(super) struct RunQueue {
    tasks: UnsafeCell<VecDeque<NonNull<Task>>>,
}

impl RunQueue {
    pub(super) fn new() -> Self {
        RunQueue {
            tasks: UnsafeCell::new(VecDeque::new()),
        }
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.with(|tasks| tasks.is_empty())
    }

    /// The task that will be taken next.
    #[inline]
    pub(super) fn front(&self) -> Option<NonNull<Task>> {
        self.with(|tasks| tasks.front().copied())
    }

    #[inline]
    pub(super) fn push(&self, task: NonNull<Task>) {
        self.with(|tasks| tasks.push_back(task));
    }

    /// Puts a task back that was taken, to be the next.
    pub(super) fn push_front(&self, task: NonNull<Task>) {
        self.with(|tasks| tasks.push_front(task));
    }

    #[inline]
    pub(super) fn pop(&self) -> Option<NonNull<Task>> {
        self.with(VecDeque::pop_front)
    }

    /// Gives back what a crowd has left behind. To be called when the queue is empty.
    pub(super) fn give_back(&self) {
        self.with(|tasks| {
            if tasks.capacity() > LEAST {
                tasks.shrink_to(LEAST / 2);
            }
        });
    }

    #[inline]
    fn with<R>(&self, f: impl FnOnce(&mut VecDeque<NonNull<Task>>) -> R) -> R {
        // SAFETY: by invariant 1.
        f(unsafe { &mut *self.tasks.get() })
    }
}
