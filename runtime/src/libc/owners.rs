//! Which thread of a hub holds a mutex that belongs to one.
//!
//! The table has a fixed size, since a lock must not allocate. A mutex that finds no room is not in it: then it belongs to
//! the OS thread, as libc has it.
#![allow(unsafe_code)]

use std::cell::UnsafeCell;
use std::num::NonZeroU64;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::boundary;
use crate::seam::context;
use crate::wait::address_hasher::MIX;

/// The number of mutexes that are held at once, at most, for each bucket.
const ROOM: usize = 16;
/// The number of buckets, a power of two.
const BUCKETS: usize = 256;

/// The owner of a mutex.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    /// No thread of a hub, as far as is known.
    None,
    /// The running thread.
    This,
    /// Another one, possibly on this OS thread.
    Other,
}

#[derive(Clone, Copy)]
struct Held {
    mutex: usize,
    owner: Option<NonZeroU64>,
    count: u32,
}

const FREE: Held = Held {
    mutex: 0,
    owner: None,
    count: 0,
};

#[repr(align(64))]
struct Bucket {
    is_locked: AtomicBool,
    held: UnsafeCell<[Held; ROOM]>,
}

// SAFETY: `held` is accessed by `with` alone, while the bucket is locked.
unsafe impl Sync for Bucket {}

static TABLE: [Bucket; BUCKETS] = [const {
    Bucket {
        is_locked: AtomicBool::new(false),
        held: UnsafeCell::new([FREE; ROOM]),
    }
}; BUCKETS];

/// Returns the owner of a mutex.
pub(super) fn of(mutex: usize) -> Owner {
    with(mutex, |held, this| match find(held, mutex) {
        None => Owner::None,
        Some(held) if held.owner == Some(this) => Owner::This,
        Some(_) => Owner::Other,
    })
}

/// Notes that the running thread has locked a mutex, once more if it held it.
pub(super) fn take(mutex: usize) {
    with(mutex, |held, this| {
        let place = match held.iter().position(|held| held.mutex == mutex) {
            Some(place) => Some(place),
            None => held.iter().position(|held| held.mutex == 0),
        };
        if let Some(place) = place {
            held[place] = Held {
                mutex,
                owner: Some(this),
                count: held[place].count + 1,
            };
        }
    });
}

/// Notes that the running thread is about to unlock a mutex. Returns false if another thread holds it.
pub(super) fn give_up(mutex: usize) -> bool {
    with(mutex, |held, this| match find(held, mutex) {
        None => true,
        Some(held) if held.owner == Some(this) => {
            held.count -= 1;
            if held.count == 0 {
                *held = FREE;
            }
            true
        }
        Some(_) => false,
    })
}

fn find(held: &mut [Held; ROOM], mutex: usize) -> Option<&mut Held> {
    held.iter_mut().find(|held| held.mutex == mutex)
}

fn with<R>(mutex: usize, f: impl FnOnce(&mut [Held; ROOM], NonZeroU64) -> R) -> R {
    let this = context::number();
    let _inside = boundary::enter();
    let index = (mutex as u64).wrapping_mul(MIX) >> (u64::BITS - BUCKETS.ilog2());
    let bucket = &TABLE[index as usize];
    // For a few instructions, by threads of hubs alone.
    while bucket.is_locked.swap(true, Ordering::Acquire) {
        std::hint::spin_loop();
    }
    // SAFETY: the bucket is locked.
    let result = f(unsafe { &mut *bucket.held.get() }, this);
    bucket.is_locked.store(false, Ordering::Release);
    result
}
