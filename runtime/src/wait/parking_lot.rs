//! A parking lot: queues of waiters keyed by address, for locks that have no room for a queue.
//!
//! A lock of one word has bits for "held" and "has waiters". The waiters themselves are stored here, in shards selected
//! by the lock's address. Native and green threads share one queue, in order of arrival. The idea is that of WebKit's
//! `ParkingLot` and of Linux's futexes.
//!
//! The shard's lock prevents the race between "it is held, so wait" and "it is free, so wake". Under it, a waiter sets the
//! lock's bit and enters the queue, and a waker clears the bit and removes waiters from the queue. Waiters are marked under
//! the shard's lock, and woken after it is released.
//!
//! Invariants, beside those of [`queue`](crate::wait::queue):
//! 1. A [`Waiter`]'s node is linked only in the queue of the waiter's own address, only from
//!    `register` on, and is unlinked when `is_waiting` is false or `unregister` was true. [`park::wait`],
//!    the only caller of these, borrows the waiter throughout, so it is not moved.
//! 2. The table contains no empty queue.
//!
//! [`park::wait`]: crate::wait::park::wait
#![allow(unsafe_code)]

use ::std::cell::Cell;
use ::std::collections::HashMap;
use ::std::collections::hash_map::Entry;
use ::std::hash::BuildHasherDefault;
use ::std::task::Waker;

use crate::boundary;
use crate::wait::address_hasher::{AddressHasher, MIX};
use crate::wait::atomic::{Mutex, lock};
use crate::wait::park::{Spin, WaitEntry};
use crate::wait::queue::{Fifo, Node, Verdict, Wakers};
use crate::wait::reason::Reason;

/// The callbacks of a thread that is about to wait on an address.
pub(crate) trait Gate {
    /// Polls the object at the address, without a lock.
    fn spin(&self) -> Spin {
        Spin::Stop
    }

    /// Called under the lock of the queue, before the thread enters it. Returns whether the thread still has to wait. If
    /// so, sets the bit that makes wakers inspect the queue. `impatient` is true if the thread has been woken without
    /// success as often as its patience allows.
    fn validate(&self, impatient: bool) -> bool;

    /// Called without a lock, after the thread has entered the queue and before it blocks.
    fn before_sleep(&self) {}

    /// Called under the lock of the queue, after the thread has left it because its deadline passed. `empty` is true if
    /// there are no other waiters.
    fn timed_out(&self, empty: bool) {
        let _ = empty;
    }

    /// Returns what a report says that the thread waits for.
    fn reason(&self) -> Reason;
}

/// A thread that waits on an address, and the kind of its request.
pub(crate) struct Waiter<G> {
    node: Node<Want>,
    address: Address,
    gate: G,
    /// The number of wakeups without success.
    failures: Cell<u32>,
    /// The number of polls before the thread entered the queue.
    polls: Cell<u32>,
    /// The position in the order of arrival; 0 before the first wait.
    ticket: Cell<u64>,
}

/// The kind of a thread's request, at an address that has more than one kind of waiters.
pub(crate) type Want = u32;

/// The number of times that a native thread polls a lock before it queues.
const POLLS: u32 = if cfg!(loom) { 1 } else { 100 };

impl<G: Gate> Waiter<G> {
    /// Creates a waiter that is in no queue.
    pub(crate) fn new(address: Address, want: Want, gate: G) -> Waiter<G> {
        Waiter {
            node: Node::new(want),
            address,
            gate,
            failures: Cell::new(0),
            polls: Cell::new(0),
            ticket: Cell::new(0),
        }
    }

    /// Returns the verdict of a wait that was [`Outcome::Woken`](crate::wait::park::Outcome::Woken). A waiter that was
    /// handed nothing and waits again takes its previous position in the queue.
    pub(crate) fn verdict(&self) -> Verdict {
        let verdict = self.node.verdict();
        if verdict != Verdict::HANDED {
            self.failures.set(self.failures.get().saturating_add(1));
        }
        verdict
    }
}

impl<G: Gate> WaitEntry for Waiter<G> {
    fn spin(&self) -> Spin {
        // Polling pays off only before the first wait. After that the order of the queue decides.
        let polls = self.polls.get();
        if polls == POLLS || self.failures.get() > 0 {
            return Spin::Stop;
        }
        self.polls.set(polls + 1);
        self.gate.spin()
    }

    fn register(&self, waker: Waker, patience: u32) -> bool {
        let _inside = boundary::enter();
        let impatient = self.failures.get() >= patience;
        let mut shard = lock(self.address.shard());
        if !self.gate.validate(impatient) {
            return false;
        }
        if self.ticket.get() == 0 {
            shard.last_ticket += 1;
            self.ticket.set(shard.last_ticket);
        }
        let queue = shard.queues.entry(self.address.0).or_insert(Fifo::new());
        // SAFETY: by invariant 1 the node is in no queue, and is not moved while it is linked.
        unsafe { queue.push(&self.node, waker, self.ticket.get(), impatient) };
        drop(shard);
        self.gate.before_sleep();
        true
    }

    fn is_waiting(&self) -> bool {
        self.node.is_waiting()
    }

    fn unregister(&self) -> bool {
        let _inside = boundary::enter();
        let mut shard = lock(self.address.shard());
        // By invariant 2 there may be no such queue once the wait has ended.
        let Some(queue) = shard.queues.get_mut(&self.address.0) else {
            return false;
        };
        // SAFETY: by invariant 1 the node was linked in the queue of this address.
        let Some(waker) = (unsafe { queue.remove(&self.node) }) else {
            return false;
        };
        let empty = queue.is_empty();
        if empty {
            shard.queues.remove(&self.address.0);
            shard.shrink();
        }
        self.gate.timed_out(empty);
        drop(shard);
        drop(waker);
        true
    }

    fn reason(&self) -> Reason {
        self.gate.reason()
    }
}

/// Calls `decide` with the queue of an address, under its lock, and then wakes the waiters that `decide` has removed.
pub(crate) fn with_queue<R>(address: Address, decide: impl FnOnce(&mut Queue<'_>) -> R) -> R {
    let _inside = boundary::enter();
    let mut shard = lock(address.shard());
    let mut wakers = Wakers::default();
    let result = match shard.queues.entry(address.0) {
        Entry::Occupied(mut entry) => {
            let mut queue = Queue {
                fifo: Some(entry.get_mut()),
                wakers: &mut wakers,
            };
            let result = decide(&mut queue);
            if entry.get().is_empty() {
                entry.remove();
                shard.shrink();
            }
            result
        }
        Entry::Vacant(_) => decide(&mut Queue {
            fifo: None,
            wakers: &mut wakers,
        }),
    };
    drop(shard);
    wakers.wake();
    result
}

/// The queue of one address, while its lock is held.
pub(crate) struct Queue<'a> {
    fifo: Option<&'a mut Fifo<Want>>,
    wakers: &'a mut Wakers,
}

impl Queue<'_> {
    /// Returns the longest waiter.
    pub(crate) fn front(&self) -> Option<&Node<Want>> {
        self.iter().next()
    }

    /// Returns the waiters in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Node<Want>> {
        self.fifo.iter().flat_map(|fifo| fifo.iter())
    }

    /// Returns whether there are no waiters.
    pub(crate) fn is_empty(&self) -> bool {
        self.front().is_none()
    }

    /// Ends the wait of the longest waiter. Returns false if there is none.
    pub(crate) fn wake(&mut self, verdict: Verdict) -> bool {
        let waker = self.fifo.as_mut().and_then(|fifo| fifo.wake(verdict));
        let woken = waker.is_some();
        if let Some(waker) = waker {
            self.wakers.push(waker);
        }
        woken
    }

    /// Ends all waits.
    pub(crate) fn wake_all(&mut self) {
        while self.wake(Verdict::WOKEN) {}
    }
}

/// An address to wait on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Address(usize);

impl Address {
    /// Returns the address of `place`, which must not be moved while a thread waits on it.
    pub(crate) fn of<T>(place: &T) -> Address {
        Address(::std::ptr::from_ref(place).addr())
    }

    fn shard(self) -> &'static Mutex<Shard> {
        // The upper bits of the product are mixed best.
        let hash = (self.0 as u64).wrapping_mul(MIX);
        shard((hash >> (u64::BITS - SHARDS.ilog2())) as usize)
    }
}

/// A part of the table: the queues of the addresses that hash to it.
struct Shard {
    queues: HashMap<usize, Fifo<Want>, BuildHasherDefault<AddressHasher>>,
    last_ticket: u64,
}

impl Shard {
    const fn new() -> Shard {
        Shard {
            queues: HashMap::with_hasher(BuildHasherDefault::new()),
            last_ticket: 0,
        }
    }

    /// Shrinks the table after a peak of waiters. Called when a queue has been removed.
    fn shrink(&mut self) {
        let (len, capacity) = (self.queues.len(), self.queues.capacity());
        if capacity > LEAST_CAPACITY && len < capacity / 8 {
            self.queues.shrink_to((2 * len).max(LEAST_CAPACITY / 2));
        }
    }
}

/// The number of addresses for which a shard always keeps capacity.
const LEAST_CAPACITY: usize = 64;

/// The number of shards, a power of two.
const SHARDS: usize = if cfg!(loom) { 2 } else { 64 };

#[cfg(not(loom))]
fn shard(index: usize) -> &'static Mutex<Shard> {
    /// A shard on a separate cache line.
    #[repr(align(64))]
    struct Aligned(Mutex<Shard>);

    static TABLE: [Aligned; SHARDS] = [const { Aligned(Mutex::new(Shard::new())) }; SHARDS];
    &TABLE[index].0
}

#[cfg(loom)]
fn shard(index: usize) -> &'static Mutex<Shard> {
    loom::lazy_static! {
        static ref TABLE: [Mutex<Shard>; SHARDS] =
            ::std::array::from_fn(|_| Mutex::new(Shard::new()));
    }
    // A loom static lives as long as one execution of the model.
    &TABLE[index]
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::wait::reason::Kind;

    struct Always;

    impl Gate for Always {
        fn validate(&self, _impatient: bool) -> bool {
            true
        }

        fn reason(&self) -> Reason {
            Reason::new(Kind::Park, self)
        }
    }

    /// The table grows while many waiters wait, each on a separate address, and shrinks afterwards.
    #[test]
    fn table_shrinks_after_a_peak_of_waiters() {
        let places = vec![0_u8; 50_000];
        let capacity = || -> usize {
            let shards = (0..SHARDS).map(shard);
            shards.map(|shard| lock(shard).queues.capacity()).sum()
        };
        for unregister in [true, false] {
            let waiters: Vec<_> = places
                .iter()
                .map(|place| Waiter::new(Address::of(place), 0, Always))
                .collect();
            for waiter in &waiters {
                assert!(waiter.register(Waker::noop().clone(), 0));
            }
            assert!(capacity() >= places.len());
            for (waiter, place) in waiters.iter().zip(&places) {
                if unregister {
                    assert!(waiter.unregister());
                } else {
                    assert!(waiter.is_waiting());
                    assert!(with_queue(Address::of(place), |queue| queue.wake(Verdict::HANDED)));
                    assert!(!waiter.is_waiting());
                }
                assert!(!waiter.unregister());
            }
            assert!(capacity() <= SHARDS * 2 * LEAST_CAPACITY);
        }
    }
}
