//! An intrusive queue of waiting threads in order of arrival. Its nodes are stored in the waiters' stack frames.
//!
//! Invariants:
//! 1. A linked node is neither moved nor dropped until its mark is set or it is unlinked:
//!    it belongs to a [`park::WaitEntry`](crate::wait::park::WaitEntry) that is registered.
//! 2. The cells of a node are accessed only while the lock that protects its queue is held, or by its
//!    owner while it is not linked. Every [`Fifo`] is behind a lock, so a `&mut Fifo` implies that the
//!    lock is held.
//! 3. Setting the mark is a waker's last access to a node, and comes after unlinking it.
//! 4. A node is linked in at most one queue, and `next`, `prev`, `head` and `tail` are consistent:
//!    they point to linked nodes of this queue.
#![allow(unsafe_code)]

use ::std::cell::Cell;
use ::std::marker::PhantomData;
use ::std::ptr::NonNull;
use ::std::task::Waker;

use crate::wait::atomic::{AtomicU32, Ordering};

/// The mark of a node until its wait ends.
const WAITING: u32 = 0;

/// How a waker ended a wait. The user of the queue defines what each verdict means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Verdict(u32);

impl Verdict {
    /// The condition may have changed, so the waiter checks it again.
    pub(crate) const WOKEN: Verdict = Verdict(1);
    /// The waiter has been handed the object that it waited for.
    pub(crate) const HANDED: Verdict = Verdict(2);
    /// There is nothing left to wait for: the channel is disconnected.
    pub(crate) const CLOSED: Verdict = Verdict(3);
}

/// A waiting thread, and its request.
pub(crate) struct Node<W> {
    mark: AtomicU32,
    waker: Cell<Option<Waker>>,
    next: Cell<Link<W>>,
    prev: Cell<Link<W>>,
    ticket: Cell<u64>,
    impatient: Cell<bool>,
    /// The request of the thread, which wakers read.
    pub(crate) want: W,
}

// SAFETY: by invariant 2 no two threads access the cells at once. The request is accessed from several threads, and
// may be moved between them.
unsafe impl<W: Send> Sync for Node<W> {}

impl<W> Node<W> {
    /// Creates a node that is not linked.
    pub(crate) fn new(want: W) -> Node<W> {
        Node {
            mark: AtomicU32::new(WAITING),
            waker: Cell::new(None),
            next: Cell::new(None),
            prev: Cell::new(None),
            ticket: Cell::new(0),
            impatient: Cell::new(false),
            want,
        }
    }

    /// Returns whether the wait has not ended. Once this is false, everything that the waker did before is visible.
    pub(crate) fn is_waiting(&self) -> bool {
        // Acquire: the partner of the release in `Fifo::wake`.
        self.mark.load(Ordering::Acquire) == WAITING
    }

    /// Returns whether the thread has been woken without success as often as its patience allows. Must be called under the
    /// queue's lock.
    pub(crate) fn impatient(&self) -> bool {
        self.impatient.get()
    }

    /// Returns how the wait ended. Meaningful once [`Node::is_waiting`] is false.
    pub(crate) fn verdict(&self) -> Verdict {
        // Relaxed: `is_waiting` was called before.
        Verdict(self.mark.load(Ordering::Relaxed))
    }
}

/// A link to a node of the queue, or none at its ends.
type Link<W> = Option<NonNull<Node<W>>>;

/// The queue. It must be behind a lock.
pub(crate) struct Fifo<W> {
    head: Link<W>,
    tail: Link<W>,
}

// SAFETY: by invariant 2 nodes are accessed under the queue's lock, from any thread; see `Node`.
unsafe impl<W: Send> Send for Fifo<W> {}

impl<W> Fifo<W> {
    /// Creates an empty queue.
    pub(crate) const fn new() -> Fifo<W> {
        Fifo {
            head: None,
            tail: None,
        }
    }

    /// Returns whether there are no waiters.
    pub(crate) fn is_empty(&self) -> bool {
        self.head.is_none()
    }

    /// Returns the waiters in order.
    pub(crate) fn iter(&self) -> Iter<'_, W> {
        Iter {
            next: self.head,
            fifo: PhantomData,
        }
    }

    /// Links a node at the position of its ticket, by which the queue is ordered: most often at the end.
    ///
    /// # Safety
    ///
    /// The node is not linked, and is neither moved nor dropped until [`Node::is_waiting`] is false or
    /// [`Fifo::remove`] has unlinked it.
    pub(crate) unsafe fn push(
        &mut self,
        node: &Node<W>,
        waker: Waker,
        ticket: u64,
        impatient: bool,
    ) {
        // Relaxed: the node is not shared yet; the queue's lock publishes it.
        node.mark.store(WAITING, Ordering::Relaxed);
        node.waker.set(Some(waker));
        node.ticket.set(ticket);
        node.impatient.set(impatient);
        let (prev, next) = self.position(ticket);
        node.prev.set(prev);
        node.next.set(next);
        self.link(
            prev,
            next,
            Some(NonNull::from(node)),
            Some(NonNull::from(node)),
        );
    }

    /// Unlinks a node if its wait has not ended, and returns its waker in that case.
    ///
    /// # Safety
    ///
    /// The node was linked in this queue by [`Fifo::push`].
    pub(crate) unsafe fn remove(&mut self, node: &Node<W>) -> Option<Waker> {
        // By invariant 3 a node that still waits, seen under the lock, is still linked.
        if !node.is_waiting() {
            return None;
        }
        self.unlink(node);
        node.waker.take()
    }

    /// Ends the wait of the longest waiter, and returns its waker, which is to be called after the lock is released.
    pub(crate) fn wake(&mut self, verdict: Verdict) -> Option<Waker> {
        let head = self.head?;
        // SAFETY: by invariants 1 and 4.
        let node = unsafe { head.as_ref() };
        self.unlink(node);
        let waker = node.waker.take();
        // Release: the waiter sees everything that was done before, in particular what it was handed. By
        // invariant 3 the node may be dropped from here on.
        node.mark.store(verdict.0, Ordering::Release);
        waker
    }

    /// Returns the neighbors between which a ticket belongs.
    fn position(&self, ticket: u64) -> (Link<W>, Link<W>) {
        // SAFETY: by invariants 1 and 4, here and below.
        let last = self.tail.map(|tail| unsafe { tail.as_ref() });
        if last.is_none_or(|last| last.ticket.get() <= ticket) {
            return (self.tail, None);
        }
        // The waiter was in the queue before, so its position is near the front.
        let (mut prev, mut next) = (None, self.head);
        while let Some(node) = next {
            // SAFETY: as above.
            let node = unsafe { node.as_ref() };
            if node.ticket.get() > ticket {
                break;
            }
            (prev, next) = (next, node.next.get());
        }
        (prev, next)
    }

    fn unlink(&mut self, node: &Node<W>) {
        let (prev, next) = (node.prev.take(), node.next.take());
        self.link(prev, next, next, prev);
    }

    /// Makes the neighbors point to each other, or to the node between them: forward to `first`, back to `last`.
    fn link(&mut self, prev: Link<W>, next: Link<W>, first: Link<W>, last: Link<W>) {
        match prev {
            // SAFETY: by invariants 1 and 4.
            Some(prev) => unsafe { prev.as_ref() }.next.set(first),
            None => self.head = first,
        }
        match next {
            // SAFETY: by invariants 1 and 4.
            Some(next) => unsafe { next.as_ref() }.prev.set(last),
            None => self.tail = last,
        }
    }
}

/// An iterator over the nodes of a queue.
pub(crate) struct Iter<'a, W> {
    next: Link<W>,
    fifo: PhantomData<&'a Fifo<W>>,
}

impl<'a, W> Iterator for Iter<'a, W> {
    type Item = &'a Node<W>;

    fn next(&mut self) -> Option<&'a Node<W>> {
        // SAFETY: by invariants 1 and 4 the node is alive while it is linked, and it is linked while the
        // queue is borrowed.
        let node = unsafe { self.next?.as_ref() };
        self.next = node.next.get();
        Some(node)
    }
}

/// Wakers collected under a lock, to be called after it is released.
#[derive(Default)]
pub(crate) struct Wakers {
    // There is most often only one, which needs no allocation.
    first: Option<Waker>,
    rest: Vec<Waker>,
}

impl Wakers {
    /// Adds a waker.
    pub(crate) fn push(&mut self, waker: Waker) {
        if self.first.is_none() {
            self.first = Some(waker);
        } else {
            self.rest.push(waker);
        }
    }

    /// Calls the wakers in order. Must be called without a lock.
    pub(crate) fn wake(self) {
        if let Some(first) = self.first {
            first.wake();
        }
        for waker in self.rest {
            waker.wake();
        }
    }
}
