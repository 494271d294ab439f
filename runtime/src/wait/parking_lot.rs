//! Wait and wake on an address: the queue that a lock has without having room for one.
//!
//! A lock of one word has bits for "held" and for "somebody waits". Who waits is kept here, in
//! shards keyed by the lock's address, native and green threads in one queue in order of arrival.
//! The idea is that of WebKit's parking lot and of Linux's futexes.
//!
//! The race between "it is held, so wait" and "it is free, so wake" is closed by the shard's lock:
//! a waiter sets the lock's bit and enters the queue under it, a waker clears the bit and takes from
//! the queue under it. Who is to be woken is marked under it and woken after it is free.
//!
//! Invariants, beside those of [`queue`](crate::wait::queue):
//! 1. A [`Waiter`]'s node is linked only in the queue of the waiter's own address, only from
//!    `enlist` on, and is unlinked when `waits` is false or `withdraw` was true. [`park::wait`],
//!    the only caller of these, borrows the waiter for all that time, so it stays in place.
//! 2. The table holds no empty queue.
//!
//! [`park::wait`]: crate::wait::park::wait
#![allow(unsafe_code)]

use ::std::cell::Cell;
use ::std::collections::HashMap;
use ::std::collections::hash_map::Entry;
use ::std::hash::BuildHasherDefault;
use ::std::task::Waker;

use crate::wait::address_hasher::{AddressHasher, MIX};
use crate::wait::atomic::{Mutex, hold};
use crate::wait::park::{Enlist, Spin};
use crate::wait::queue::{Fifo, Node, Verdict, Wakers};

/// What the thing at the address says to those who want to wait for it.
pub(crate) trait Gate {
    /// A look from outside, without any lock.
    fn spin(&self) -> Spin {
        Spin::Stop
    }

    /// Called under the lock of the queue, before the thread enters it: whether there is something
    /// to wait for. If so it leaves the bit that sends whoever ends it to the queue. It may be
    /// called for a thread that has been woken in vain as often as it bears.
    fn close(&self, impatient: bool) -> bool;

    /// Called with no lock held once the thread is in the queue, before it blocks.
    fn enlisted(&self) {}

    /// Called under the lock of the queue when a thread has left it, its deadline being past;
    /// `empty` if nobody else waits.
    fn withdrawn(&self, empty: bool) {
        let _ = empty;
    }
}

/// A thread that waits on an address, with a word on what for.
pub(crate) struct Waiter<G> {
    node: Node<Want>,
    address: Address,
    gate: G,
    /// How often it was woken, and found what it waited for gone.
    losses: Cell<u32>,
    /// How often it looked from outside before it entered the queue.
    looks: Cell<u32>,
    /// Its place in the order of arrival; 0 before it first waited.
    ticket: Cell<u64>,
}

/// What a thread waits for at an address where there is more than one thing to wait for.
pub(crate) type Want = u32;

/// How often a native thread looks at a lock before it queues.
const LOOKS: u32 = if cfg!(loom) { 1 } else { 100 };

impl<G: Gate> Waiter<G> {
    /// A waiter that is in no queue yet.
    pub(crate) fn new(address: Address, want: Want, gate: G) -> Waiter<G> {
        Waiter {
            node: Node::new(want),
            address,
            gate,
            losses: Cell::new(0),
            looks: Cell::new(0),
            ticket: Cell::new(0),
        }
    }

    /// How the wait that was [`Outcome::Woken`](crate::wait::park::Outcome::Woken) ended. A waiter
    /// that was not handed anything and waits again takes its old place in the queue.
    pub(crate) fn verdict(&self) -> Verdict {
        let verdict = self.node.verdict();
        if verdict != Verdict::HANDED {
            self.losses.set(self.losses.get().saturating_add(1));
        }
        verdict
    }
}

impl<G: Gate> Enlist for Waiter<G> {
    fn spin(&self) -> Spin {
        // Looking pays before the first wait. After that the queue decides.
        let looks = self.looks.get();
        if looks == LOOKS || self.losses.get() > 0 {
            return Spin::Stop;
        }
        self.looks.set(looks + 1);
        self.gate.spin()
    }

    fn enlist(&self, waker: Waker, patience: u32) -> bool {
        let impatient = self.losses.get() >= patience;
        let mut shard = hold(self.address.shard());
        if !self.gate.close(impatient) {
            return false;
        }
        if self.ticket.get() == 0 {
            shard.last_ticket += 1;
            self.ticket.set(shard.last_ticket);
        }
        let queue = shard.queues.entry(self.address.0).or_insert(Fifo::new());
        // SAFETY: by invariant 1 it is in no queue, and will stay in place.
        unsafe { queue.push(&self.node, waker, self.ticket.get(), impatient) };
        drop(shard);
        self.gate.enlisted();
        true
    }

    fn waits(&self) -> bool {
        self.node.waits()
    }

    fn withdraw(&self) -> bool {
        let mut shard = hold(self.address.shard());
        // By invariant 2 there is no such queue when the wait has ended.
        let Some(queue) = shard.queues.get_mut(&self.address.0) else {
            return false;
        };
        // SAFETY: by invariant 1 it was linked in the queue of this address.
        let Some(waker) = (unsafe { queue.remove(&self.node) }) else {
            return false;
        };
        let empty = queue.is_empty();
        if empty {
            shard.queues.remove(&self.address.0);
            shard.give_back();
        }
        self.gate.withdrawn(empty);
        drop(shard);
        drop(waker);
        true
    }
}

/// Calls `decide` with the queue of an address, under its lock, then wakes whom that took from it.
pub(crate) fn serve<R>(address: Address, decide: impl FnOnce(&mut Queue<'_>) -> R) -> R {
    let mut shard = hold(address.shard());
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
                shard.give_back();
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

/// The queue of one address, its lock being held.
pub(crate) struct Queue<'a> {
    fifo: Option<&'a mut Fifo<Want>>,
    wakers: &'a mut Wakers,
}

impl Queue<'_> {
    /// Who has waited longest.
    pub(crate) fn front(&self) -> Option<&Node<Want>> {
        self.iter().next()
    }

    /// Those who wait, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Node<Want>> {
        self.fifo.iter().flat_map(|fifo| fifo.iter())
    }

    /// Whether nobody waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.front().is_none()
    }

    /// Ends the wait of who has waited longest; false if nobody has.
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
    /// The address of `place`, which must stay where it is while anybody waits on it.
    pub(crate) fn of<T>(place: &T) -> Address {
        Address(::std::ptr::from_ref(place).addr())
    }

    fn shard(self) -> &'static Mutex<Shard> {
        // The upper bits of the product are the well mixed ones.
        let hash = (self.0 as u64).wrapping_mul(MIX);
        shard((hash >> (u64::BITS - SHARDS.ilog2())) as usize)
    }
}

/// One part of the table: the addresses that hash to it.
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

    /// Called when a queue has been removed: gives back what a crowd of waiters has left behind.
    fn give_back(&mut self) {
        let (len, capacity) = (self.queues.len(), self.queues.capacity());
        if capacity > LEAST_CAPACITY && len < capacity / 8 {
            self.queues.shrink_to((2 * len).max(LEAST_CAPACITY / 2));
        }
    }
}

/// Room for so many addresses that a shard always keeps.
const LEAST_CAPACITY: usize = 64;

/// The shards' number, a power of two.
const SHARDS: usize = if cfg!(loom) { 2 } else { 64 };

#[cfg(not(loom))]
fn shard(index: usize) -> &'static Mutex<Shard> {
    /// On a cache line of its own.
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
    // loom keeps its statics for as long as one execution of the model.
    &TABLE[index]
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    struct Always;

    impl Gate for Always {
        fn close(&self, _impatient: bool) -> bool {
            true
        }
    }

    /// A crowd of waiters, each at an address of its own, comes and goes: the table grows and shrinks.
    #[test]
    fn a_crowd_leaves_nothing_behind() {
        let places = vec![0_u8; 50_000];
        let capacity = || -> usize {
            let shards = (0..SHARDS).map(shard);
            shards.map(|shard| hold(shard).queues.capacity()).sum()
        };
        for withdraw in [true, false] {
            let waiters: Vec<_> = places
                .iter()
                .map(|place| Waiter::new(Address::of(place), 0, Always))
                .collect();
            for waiter in &waiters {
                assert!(waiter.enlist(Waker::noop().clone(), 0));
            }
            assert!(capacity() >= places.len());
            for (waiter, place) in waiters.iter().zip(&places) {
                if withdraw {
                    assert!(waiter.withdraw());
                } else {
                    assert!(waiter.waits());
                    assert!(serve(Address::of(place), |queue| queue.wake(Verdict::HANDED)));
                    assert!(!waiter.waits());
                }
                assert!(!waiter.withdraw());
            }
            assert!(capacity() <= SHARDS * 2 * LEAST_CAPACITY);
        }
    }
}
