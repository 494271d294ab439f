//! How a thread's end is told to the one handle that may join it, and which of the two comes last.
//!
//! One word says it:
//!
//! | | RUNNING | JOINING | DETACHED | DONE |
//! | --- | --- | --- | --- | --- |
//! | means | no thread waits yet | the handle waits, its waker lies in `waker` | the handle is gone | the thread is gone |
//! | the handle, to join | becomes JOINING, waits | not possible | not possible | there is nothing to wait for |
//! | the handle, to go | becomes DETACHED | not possible | not possible | it comes last |
//! | the thread, to end | becomes DONE | becomes DONE, and it wakes | it comes last | not possible |
//!
//! From JOINING and DETACHED the handle does nothing more, so there the thread needs no read-modify-write
//! instruction.
//!
//! Invariants:
//! 1. One thread and one handle use an [`JoinState`], each at one place at a time, and each ends or goes once.
//! 2. `waker` is the handle's while RUNNING or DONE, and the thread's while JOINING.
//! 3. The side that has made the word DETACHED or DONE does not access the [`JoinState`] any more: the last of the
//!    two frees it.
#![allow(unsafe_code)]

use ::std::task::Waker;

use crate::wait::atomic::{AtomicU32, Ordering, UnsafeCell};
use crate::wait::park::{Outcome, Wait, WaitEntry};
use crate::wait::wait_while::BlockFn;

const RUNNING: u32 = 0;
const JOINING: u32 = 1;
const DETACHED: u32 = 2;
const DONE: u32 = 3;

/// The word, and the waker of the joiner.
pub(crate) struct JoinState {
    state: AtomicU32,
    waker: UnsafeCell<Option<Waker>>,
}

// SAFETY: by invariant 2 the waker is one thread's at a time; it may go from one to the other.
unsafe impl Sync for JoinState {}

impl JoinState {
    pub(crate) fn new() -> JoinState {
        JoinState {
            state: AtomicU32::new(RUNNING),
            waker: UnsafeCell::new(None),
        }
    }

    /// Whether the thread has ended. If so, all that it did is seen.
    #[inline]
    pub(crate) fn is_done(&self) -> bool {
        // Acquire: the partner of the release in `finish`.
        self.state.load(Ordering::Acquire) == DONE
    }

    /// Whether the handle has gone. If so, all that was done with it is seen.
    #[inline]
    pub(crate) fn is_detached(&self) -> bool {
        // Acquire: the partner of the release in `detach`.
        self.state.load(Ordering::Acquire) == DETACHED
    }

    /// Blocks by `block` until the thread has ended.
    ///
    /// # Safety
    ///
    /// The caller has the handle to itself (invariant 1).
    #[inline]
    pub(crate) unsafe fn wait(&self, block: BlockFn) {
        while !self.is_done() {
            let outcome = block(&Wait::new(&Joining(self), None));
            debug_assert!(outcome != Outcome::TimedOut, "a join has no deadline");
        }
    }

    /// The handle goes. False if the thread has ended, so that the handle comes last.
    ///
    /// # Safety
    ///
    /// `this` is valid, and the caller is the handle, which does not wait (invariant 1). After a true the
    /// caller treats it as freed.
    #[inline]
    pub(crate) unsafe fn detach(this: *const JoinState) -> bool {
        // SAFETY: the caller vouches for it. Only the word is borrowed, since it may be freed meanwhile.
        let state = unsafe { &(*this).state };
        // Release: the partner of `is_detached` and `finish`. Acquire: as in `is_done`.
        state
            .compare_exchange(RUNNING, DETACHED, Ordering::Release, Ordering::Acquire)
            .is_ok()
    }

    /// Ends the thread's part, and wakes the joiner. Returns false if the handle has gone, so that the thread comes last.
    ///
    /// # Safety
    ///
    /// `this` is valid, and the caller is the thread (invariant 1). After a true the caller treats it as
    /// freed.
    #[inline]
    pub(crate) unsafe fn finish(this: *const JoinState) -> bool {
        // SAFETY: the caller vouches for it. Only the word is borrowed, since it may be freed meanwhile.
        let state = unsafe { &(*this).state };
        // Acquire, here and below: the partner of the release in `register` and `detach`.
        let mut now = state.load(Ordering::Acquire);
        if now == RUNNING {
            // Release, here and below: the partner of `is_done`.
            match state.compare_exchange(RUNNING, DONE, Ordering::Release, Ordering::Acquire) {
                Ok(_) => return true,
                Err(changed) => now = changed,
            }
        }
        if now == DETACHED {
            return false;
        }
        debug_assert_eq!(now, JOINING, "a thread ends once");
        // SAFETY: it is JOINING, so `this` is not freed.
        let place = unsafe { &(*this).waker };
        // SAFETY: by invariant 2.
        let waker = place.with_mut(|waker| unsafe { (*waker).take() });
        state.store(DONE, Ordering::Release);
        if let Some(waker) = waker {
            waker.wake();
        }
        true
    }
}

impl Drop for JoinState {
    fn drop(&mut self) {
        // The access lets a model check that no other thread accesses the waker any more.
        if cfg!(any(loom, debug_assertions)) {
            // SAFETY: by invariant 3 the side that frees it is the last.
            let forgotten = self.waker.with(|waker| unsafe { (*waker).is_some() });
            assert!(
                !forgotten,
                "a thread has ended, and its joiner was not woken"
            );
        }
    }
}

/// The handle's place, to be woken when the thread has ended. It is made by `wait` alone.
struct Joining<'a>(&'a JoinState);

impl WaitEntry for Joining<'_> {
    fn register(&self, waker: Waker, _patience: u32) -> bool {
        let JoinState {
            state,
            waker: place,
        } = self.0;
        // SAFETY: by invariant 2: the handle does not wait yet.
        place.with_mut(|place| unsafe { *place = Some(waker) });
        // Release: a thread that finds it JOINING sees the waker. Acquire: as in `is_done`.
        let joining =
            state.compare_exchange(RUNNING, JOINING, Ordering::Release, Ordering::Acquire);
        if joining.is_err() {
            // SAFETY: by invariant 2: the thread has ended.
            drop(place.with_mut(|place| unsafe { (*place).take() }));
        }
        joining.is_ok()
    }

    fn is_waiting(&self) -> bool {
        !self.0.is_done()
    }

    fn unregister(&self) -> bool {
        // A join has no deadline. If it had one it would wait on: the thread that ends wakes it.
        false
    }
}
