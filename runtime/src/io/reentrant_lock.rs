//! The re-entrant lock of an output stream.
//!
//! std's locks of the streams identify their owner by OS thread, so all green threads of a hub are the same owner to them.
//! This lock identifies its owner by thread, native or green. The algorithm is that of std's `ReentrantLock`.
//!
//! Invariant:
//! 1. `count` is accessed by the thread that holds `raw` alone. `owner` tells whether that is the current thread: only the
//!    holder finds its own number there, since it alone stores that, and clears it before it unlocks.
#![allow(unsafe_code)]

use std::cell::Cell;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::seam::context;
use crate::sync::RawMutex;

/// The owner of an unlocked lock: no thread has this number.
const NONE: u64 = 0;

/// A re-entrant mutual exclusion lock.
pub(super) struct ReentrantLock {
    raw: RawMutex,
    /// The number of the thread that holds the lock.
    owner: AtomicU64,
    /// The number of guards of that thread.
    count: Cell<u32>,
}

// SAFETY: by invariant 1 one thread at a time accesses `count`.
unsafe impl Sync for ReentrantLock {}

impl ReentrantLock {
    pub(super) const fn new() -> ReentrantLock {
        ReentrantLock {
            raw: RawMutex::new(),
            owner: AtomicU64::new(NONE),
            count: Cell::new(0),
        }
    }

    /// Acquires the lock. Blocks while another thread holds it.
    pub(super) fn lock(&'static self) -> ReentrantLockGuard {
        self.acquire(true).expect("a blocking lock succeeds")
    }

    /// Acquires the lock, unless another thread holds it.
    pub(super) fn try_lock(&'static self) -> Option<ReentrantLockGuard> {
        self.acquire(false)
    }

    fn acquire(&'static self, blocks: bool) -> Option<ReentrantLockGuard> {
        let this = context::number().get();
        // Relaxed: only this thread stores `this`, and it sees its own stores.
        if self.owner.load(Ordering::Relaxed) != this {
            if blocks {
                self.raw.lock();
            } else if !self.raw.try_lock() {
                return None;
            }
            self.owner.store(this, Ordering::Relaxed);
        }
        let count = self.count.get();
        self.count.set(
            count
                .checked_add(1)
                .expect("lock count overflow in reentrant mutex"),
        );
        Some(ReentrantLockGuard {
            lock: self,
            not_send: PhantomData,
        })
    }
}

/// A guard that releases the lock when dropped.
pub(super) struct ReentrantLockGuard {
    lock: &'static ReentrantLock,
    not_send: PhantomData<*const ()>,
}

impl Drop for ReentrantLockGuard {
    fn drop(&mut self) {
        let count = self.lock.count.get() - 1;
        self.lock.count.set(count);
        if count == 0 {
            self.lock.owner.store(NONE, Ordering::Relaxed);
            self.lock.raw.unlock();
        }
    }
}
