//! Whose turn it is to write to a stream: a lock that its holder may take again.
//!
//! std's own locks of the streams go by OS thread. To them all green threads of a hub are one holder,
//! so here is one that goes by thread, native or green.
//!
//! Invariant:
//! 1. `depth` is touched by the thread alone that holds `raw`. Whether that is the current thread is
//!    said by `owner`: only the holder finds its own number there, since only it stores that, and
//!    clears it before it lets go.
#![allow(unsafe_code)]

use std::cell::Cell;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::seam::context;
use crate::sync::RawMutex;

/// Nobody's number.
const NOBODY: u64 = 0;

/// The lock.
pub(super) struct Turn {
    raw: RawMutex,
    /// The number of the thread that holds it.
    owner: AtomicU64,
    /// How often that thread holds it.
    depth: Cell<u32>,
}

// SAFETY: by invariant 1 `depth` is touched by one thread at a time.
unsafe impl Sync for Turn {}

impl Turn {
    pub(super) const fn new() -> Turn {
        Turn {
            raw: RawMutex::new(),
            owner: AtomicU64::new(NOBODY),
            depth: Cell::new(0),
        }
    }

    /// Takes the turn, and waits until that is possible.
    pub(super) fn take(&'static self) -> Held {
        self.enter(true).expect("whoever waits gets it in the end")
    }

    /// Takes the turn if this thread has it already or nobody does.
    pub(super) fn try_take(&'static self) -> Option<Held> {
        self.enter(false)
    }

    fn enter(&'static self, waits: bool) -> Option<Held> {
        let me = context::number().get();
        // Relaxed: only this thread stores `me`, and it sees its own stores.
        if self.owner.load(Ordering::Relaxed) != me {
            if waits {
                self.raw.lock();
            } else if !self.raw.try_lock() {
                return None;
            }
            self.owner.store(me, Ordering::Relaxed);
        }
        let depth = self.depth.get();
        self.depth.set(
            depth
                .checked_add(1)
                .expect("lock count overflow in reentrant mutex"),
        );
        Some(Held {
            turn: self,
            not_send: PhantomData,
        })
    }
}

/// The turn is this thread's until this is dropped.
pub(super) struct Held {
    turn: &'static Turn,
    not_send: PhantomData<*const ()>,
}

impl Drop for Held {
    fn drop(&mut self) {
        let depth = self.turn.depth.get() - 1;
        self.turn.depth.set(depth);
        if depth == 0 {
            self.turn.owner.store(NOBODY, Ordering::Relaxed);
            self.turn.raw.unlock();
        }
    }
}
