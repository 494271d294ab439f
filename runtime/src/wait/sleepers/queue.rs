//! A green thread that waits at an address, and the queue of those in one bucket.
//!
//! The invariants are those of `sleepers`.
#![allow(unsafe_code)]

use ::std::cell::Cell;
use ::std::ptr::NonNull;
use ::std::task::Waker;

use crate::wait::atomic::{AtomicU32, AtomicUsize, Ordering};

pub(super) const WAITING: u32 = 0;
pub(super) const WOKEN: u32 = 1;

/// A mask that all wakers and waiters match.
pub(crate) const ANY: u32 = u32::MAX;

pub(super) type Link = Option<NonNull<Sleeper<'static>>>;

/// A green thread that waits at an address.
pub(crate) struct Sleeper<'a> {
    pub(super) mark: AtomicU32,
    pub(super) address: AtomicUsize,
    pub(super) mask: u32,
    pub(super) waker: Cell<Option<Waker>>,
    pub(super) ticket: Cell<u64>,
    pub(super) next: Cell<Link>,
    pub(super) prev: Cell<Link>,
    pub(super) must_wait: &'a dyn Fn() -> bool,
}

impl<'a> Sleeper<'a> {
    /// Makes a sleeper that is in no queue. Wakers find it if their mask has a bit of `mask`. `must_wait` is called under
    /// the bucket's lock, before it enters the queue; it must not block.
    pub(crate) fn new(address: usize, mask: u32, must_wait: &'a dyn Fn() -> bool) -> Sleeper<'a> {
        Sleeper {
            mark: AtomicU32::new(WAITING),
            address: AtomicUsize::new(address),
            mask,
            waker: Cell::new(None),
            ticket: Cell::new(0),
            next: Cell::new(None),
            prev: Cell::new(None),
            must_wait,
        }
    }

    pub(super) fn link(&self) -> NonNull<Sleeper<'static>> {
        NonNull::from(self).cast()
    }

    pub(super) fn is_at(&self, address: usize) -> bool {
        self.address.load(Ordering::Relaxed) == address
    }
}

/// The waiters of the addresses that hash to one bucket, in order of arrival.
pub(super) struct Queue {
    pub(super) head: Link,
    tail: Link,
    pub(super) last_ticket: u64,
}

// SAFETY: by invariant 2 sleepers are accessed under the lock; a waker may be called on any thread.
unsafe impl Send for Queue {}

impl Queue {
    pub(super) const fn new() -> Queue {
        Queue {
            head: None,
            tail: None,
            last_ticket: 0,
        }
    }

    /// Links a sleeper at the end.
    pub(super) fn push(&mut self, link: NonNull<Sleeper<'static>>) {
        // SAFETY: by invariant 1.
        let sleeper = unsafe { link.as_ref() };
        self.last_ticket += 1;
        sleeper.ticket.set(self.last_ticket);
        sleeper.next.set(None);
        sleeper.prev.set(self.tail);
        match self.tail {
            // SAFETY: by invariant 1, since it is linked.
            Some(tail) => unsafe { tail.as_ref() }.next.set(Some(link)),
            None => self.head = Some(link),
        }
        self.tail = Some(link);
    }

    /// Unlinks a sleeper of this queue.
    pub(super) fn unlink(&mut self, link: NonNull<Sleeper<'static>>) {
        // SAFETY: by invariant 1.
        let sleeper = unsafe { link.as_ref() };
        let (prev, next) = (sleeper.prev.take(), sleeper.next.take());
        match prev {
            // SAFETY: by invariant 1, since it is linked.
            Some(prev) => unsafe { prev.as_ref() }.next.set(next),
            None => self.head = next,
        }
        match next {
            // SAFETY: by invariant 1, since it is linked.
            Some(next) => unsafe { next.as_ref() }.prev.set(prev),
            None => self.tail = prev,
        }
    }

    /// Unlinks a sleeper of this queue and ends its wait. Returns its waker, to be called after the lock is released.
    pub(super) fn take(&mut self, link: NonNull<Sleeper<'static>>) -> Option<Waker> {
        self.unlink(link);
        // SAFETY: by invariant 1.
        let sleeper = unsafe { link.as_ref() };
        let waker = sleeper.waker.take();
        // Release: the waiter sees all that was done before. By invariant 3 it may be gone from here on.
        sleeper.mark.store(WOKEN, Ordering::Release);
        waker
    }
}
