//! Green threads that wait at an address for libc: by a futex, or for a lock of pthreads.
//!
//! The threads that the kernel blocks at the same address are in the kernel's queue. A thread that wakes looks into
//! both. The protocol is that of the kernel:
//!
//! ```text
//!   waiter                                   waker
//!   takes the bucket's lock                  changes the word, or the lock
//!   counts itself in `waiting`               fence
//!   fence                                    is `waiting` zero? then there is none here
//!   must it still wait? else it leaves       takes the bucket's lock
//!   enters the queue                         takes waiters from the queue
//! ```
//!
//! By the two fences, either the waker sees the count or the waiter sees the change. Nothing here allocates, and the lock
//! is not std's, since this is what std's locks call.
//!
//! Invariants:
//! 1. A [`Sleeper`] is linked from an `register` that returned true until `is_waiting` is false or `unregister` was true.
//!    `park::wait`, the only caller of these, borrows it for all that time, so it is neither moved nor dropped.
//! 2. The cells of a sleeper are accessed only while the lock of its bucket is held, or by its owner while it is
//!    not linked.
//! 3. Setting the mark is a waker's last access to a sleeper, and comes after unlinking it.
//! 4. `address` of a linked sleeper is that of the bucket in which it is linked, and changes only while the locks of both
//!    buckets are held.
#![allow(unsafe_code)]

use ::std::array;
use ::std::task::Waker;

#[cfg(greenpatch_libc)]
use ::std::sync::atomic::compiler_fence;

use crate::boundary;
use crate::wait::address_hasher::MIX;
use crate::wait::atomic::{AtomicU32, Ordering, fence};
use crate::wait::park::WaitEntry;
use crate::wait::reason::{Holder, Kind, Reason};

mod lock;
mod queue;

pub(crate) use queue::{ANY, Sleeper};

use lock::Lock;
use queue::{Queue, WAITING};

/// The number of wakers that are called after one hold of the lock.
const BATCH: usize = 8;

impl WaitEntry for Sleeper<'_> {
    fn register(&self, waker: Waker, _patience: u32) -> bool {
        let _inside = boundary::enter();
        // Relaxed, here and below: it is changed under the lock, after which it is checked again.
        let bucket = bucket(self.address.load(Ordering::Relaxed));
        let refused = bucket.with(|queue| {
            bucket.waiting.fetch_add(1, Ordering::Relaxed);
            fence(Ordering::SeqCst);
            if !(self.must_wait)() {
                bucket.waiting.fetch_sub(1, Ordering::Relaxed);
                return Some(waker);
            }
            // Relaxed: it is not shared yet; the lock publishes it.
            self.mark.store(WAITING, Ordering::Relaxed);
            self.waker.set(Some(waker));
            // By invariant 1.
            queue.push(self.link());
            None
        });
        refused.is_none()
    }

    fn is_waiting(&self) -> bool {
        // Acquire: the partner of the release in `take`.
        self.mark.load(Ordering::Acquire) == WAITING
    }

    fn unregister(&self) -> bool {
        let _inside = boundary::enter();
        loop {
            let address = self.address.load(Ordering::Relaxed);
            let bucket = bucket(address);
            let waker = bucket.with(|queue| {
                if self.address.load(Ordering::Relaxed) != address {
                    return None;
                }
                // By invariant 3 a sleeper that still waits, seen under the lock, is still linked.
                Some(self.is_waiting().then(|| {
                    queue.unlink(self.link());
                    bucket.waiting.fetch_sub(1, Ordering::Relaxed);
                    self.waker.take()
                }))
            });
            if let Some(withdrawn) = waker {
                return withdrawn.is_some();
            }
        }
    }

    fn reason(&self) -> Reason {
        Reason {
            kind: Kind::Futex,
            address: self.address.load(Ordering::Relaxed),
            holder: Holder::Unknown,
        }
    }
}

/// Returns whether a green thread may wait at an address. What the caller has changed before is visible to a waiter that
/// is not seen.
#[inline]
pub(crate) fn are_there_any(address: usize) -> bool {
    fence(Ordering::SeqCst);
    bucket(address).waiting.load(Ordering::Relaxed) != 0
}

/// Wakes up to `most` green threads that wait at an address and match `mask`, the longest waiting first. Returns how
/// many.
#[inline]
pub(crate) fn wake(address: usize, mask: u32, most: u32) -> u32 {
    if !are_there_any(address) {
        return 0;
    }
    wake_waiting(address, mask, most)
}

/// Does the same for a caller that has just changed the object by a call of libc, which does so by an atomic read-modify-write.
#[cfg(greenpatch_libc)]
#[inline]
pub(crate) fn wake_after_release(address: usize, most: u32) {
    // On x86-64 such an instruction is a fence.
    if cfg!(target_arch = "x86_64") {
        compiler_fence(Ordering::SeqCst);
    } else {
        fence(Ordering::SeqCst);
    }
    if bucket(address).waiting.load(Ordering::Relaxed) != 0 {
        wake_waiting(address, ANY, most);
    }
}

#[cold]
fn wake_waiting(address: usize, mask: u32, most: u32) -> u32 {
    #[cfg(greenpatch_libc)]
    if boundary::is_inside() {
        later::put_off(later::Wake {
            address,
            mask,
            most,
        });
        return 0;
    }
    wake_now(address, mask, most)
}

fn wake_now(address: usize, mask: u32, most: u32) -> u32 {
    let _inside = boundary::enter();
    let bucket = bucket(address);
    // Those that come later than this are not meant.
    let mut last = None;
    let mut woken = 0;
    loop {
        let mut wakers = Batch::new();
        bucket.with(|queue| {
            let last = *last.get_or_insert(queue.last_ticket);
            wakers.fill(bucket, queue, address, mask, last, most - woken);
        });
        woken += wakers.len();
        let may_be_more = wakers.is_full() && woken < most;
        wakers.wake();
        if !may_be_more {
            return woken;
        }
    }
}

/// Wakes up to `wakes` green threads that wait at an address, and lets up to `moves` others wait at `to` instead. Returns
/// how many of each; none if `is_allowed`, called under the lock, returned false.
pub(crate) fn requeue(
    address: usize,
    to: usize,
    wakes: u32,
    moves: u32,
    is_allowed: &dyn Fn() -> bool,
) -> Option<(u32, u32)> {
    let _inside = boundary::enter();
    let (from, target) = (bucket(address), bucket(to));
    let mut last = None;
    let mut woken = 0;
    loop {
        let mut wakers = Batch::new();
        let mut step = |queue: &mut Queue, mut other: Option<&mut Queue>| {
            if last.is_none() && !is_allowed() {
                return None;
            }
            let last = *last.get_or_insert(queue.last_ticket);
            wakers.fill(from, queue, address, ANY, last, wakes - woken);
            if wakers.is_full() && woken + wakers.len() < wakes {
                // There may be more to wake, first.
                return Some(None);
            }
            let mut moved = 0;
            let mut next = queue.head;
            while let Some(link) = next
                && moved < moves
            {
                // SAFETY: by invariant 1, since it is linked and the lock is held.
                let sleeper = unsafe { link.as_ref() };
                if sleeper.ticket.get() > last {
                    break;
                }
                next = sleeper.next.get();
                if !sleeper.is_at(address) {
                    continue;
                }
                queue.unlink(link);
                sleeper.address.store(to, Ordering::Relaxed);
                match &mut other {
                    Some(other) => {
                        from.waiting.fetch_sub(1, Ordering::Relaxed);
                        target.waiting.fetch_add(1, Ordering::Relaxed);
                        other.push(link);
                    }
                    None => queue.push(link),
                }
                moved += 1;
            }
            Some(Some(moved))
        };
        let (from_place, to_place) = (::std::ptr::from_ref(from), ::std::ptr::from_ref(target));
        // In the order of addresses, so that no two threads wait for each other.
        let moved = if from_place == to_place {
            from.with(|queue| step(queue, None))
        } else if from_place < to_place {
            from.with(|queue| target.with(|other| step(queue, Some(other))))
        } else {
            target.with(|other| from.with(|queue| step(queue, Some(other))))
        };
        woken += wakers.len();
        wakers.wake();
        if let Some(moved) = moved? {
            return Some((woken, moved));
        }
    }
}

/// Wakers that are taken from a queue under its lock, to be called after it is released.
struct Batch {
    wakers: [Option<Waker>; BATCH],
    len: usize,
}

impl Batch {
    fn new() -> Batch {
        Batch {
            wakers: array::from_fn(|_| None),
            len: 0,
        }
    }

    /// Takes up to `most` waiters at `address` that match `mask`, and have come before `last` or with it.
    fn fill(
        &mut self,
        bucket: &Bucket,
        queue: &mut Queue,
        address: usize,
        mask: u32,
        last: u64,
        most: u32,
    ) {
        let mut next = queue.head;
        while let Some(link) = next
            && !self.is_full()
            && self.len() < most
        {
            // SAFETY: by invariant 1, since it is linked and the lock is held.
            let sleeper = unsafe { link.as_ref() };
            if sleeper.ticket.get() > last {
                break;
            }
            next = sleeper.next.get();
            if sleeper.is_at(address) && sleeper.mask & mask != 0 {
                self.wakers[self.len] = queue.take(link);
                self.len += 1;
                bucket.waiting.fetch_sub(1, Ordering::Relaxed);
            }
        }
    }

    fn is_full(&self) -> bool {
        self.len == BATCH
    }

    fn len(&self) -> u32 {
        self.len as u32
    }

    fn wake(self) {
        for waker in self.wakers.into_iter().flatten() {
            waker.wake();
        }
    }
}

/// Wakes that a signal handler makes while greenpatch's own code runs on its OS thread, which may hold the lock of the bucket.
#[cfg(greenpatch_libc)]
mod later {
    use ::std::cell::Cell;

    use super::{Bucket, TABLE, wake_now};
    use crate::boundary;
    use crate::wait::atomic::Ordering;

    /// The number of wakes that are kept. If there are more, all waiters are woken, most of them spuriously.
    const ROOM: usize = 8;

    #[derive(Clone, Copy)]
    pub(super) struct Wake {
        pub(super) address: usize,
        pub(super) mask: u32,
        pub(super) most: u32,
    }

    ::std::thread_local! {
        // Without destructors.
        static WAKES: [Cell<Option<Wake>>; ROOM] = const { [const { Cell::new(None) }; ROOM] };
        static ARE_MORE: Cell<bool> = const { Cell::new(false) };
    }

    pub(super) fn put_off(wake: Wake) {
        WAKES.with(
            |wakes| match wakes.iter().find(|place| place.get().is_none()) {
                Some(place) => place.set(Some(wake)),
                None => ARE_MORE.set(true),
            },
        );
        boundary::put_off(make_up);
    }

    fn make_up() {
        WAKES.with(|wakes| {
            for wake in wakes.iter().filter_map(Cell::take) {
                wake_now(wake.address, wake.mask, wake.most);
            }
        });
        if ARE_MORE.take() {
            TABLE.iter().for_each(Bucket::wake_all);
        }
    }

    impl Bucket {
        fn wake_all(&self) {
            let _inside = boundary::enter();
            let next = || {
                self.with(|queue| {
                    let head = queue.head?;
                    self.waiting.fetch_sub(1, Ordering::Relaxed);
                    queue.take(head)
                })
            };
            while let Some(waker) = next() {
                waker.wake();
            }
        }
    }
}

/// Forgets all waiters: those of the parent process, in a child that a fork has made.
#[cfg(not(loom))]
pub(crate) fn forget_all() {
    for bucket in &TABLE {
        bucket.reset();
    }
}

/// One part of the table.
#[repr(align(64))]
struct Bucket {
    /// The number of waiters here, and of those that are about to enter.
    waiting: AtomicU32,
    queue: Lock<Queue>,
}

impl Bucket {
    fn with<R>(&self, f: impl FnOnce(&mut Queue) -> R) -> R {
        self.queue.with(f)
    }
}

/// The number of buckets, a power of two.
const BUCKETS: usize = if cfg!(loom) { 2 } else { 256 };

fn index(address: usize) -> usize {
    // The upper bits of the product are mixed best.
    ((address as u64).wrapping_mul(MIX) >> (u64::BITS - BUCKETS.ilog2())) as usize
}

#[cfg(not(loom))]
static TABLE: [Bucket; BUCKETS] = [const {
    Bucket {
        waiting: AtomicU32::new(0),
        queue: Lock::new(Queue::new()),
    }
}; BUCKETS];

#[cfg(not(loom))]
#[inline]
fn bucket(address: usize) -> &'static Bucket {
    &TABLE[index(address)]
}

#[cfg(not(loom))]
impl Bucket {
    /// Empties it, whatever other threads did with it. In a child that a fork has made, which has no other threads.
    fn reset(&self) {
        self.waiting.store(0, Ordering::Relaxed);
        self.queue.reset(Queue::new());
    }
}

#[cfg(loom)]
fn bucket(address: usize) -> &'static Bucket {
    loom::lazy_static! {
        static ref TABLE: [Bucket; BUCKETS] = array::from_fn(|_| Bucket {
            waiting: AtomicU32::new(0),
            queue: Lock::new(Queue::new()),
        });
    }
    // A loom static lives as long as one execution of the model.
    &TABLE[index(address)]
}

#[cfg(all(test, not(loom)))]
mod tests;

#[cfg(all(test, loom))]
mod loom_models;
