//! The protocol between a thread and its join handle: it reports the thread's end, and decides which of the two frees
//! their shared state.
//!
//! The state is one word:
//!
//! | | RUNNING | JOINING | DETACHED | DONE |
//! | --- | --- | --- | --- | --- |
//! | meaning | the thread runs, the handle does not wait | the handle waits, its waker is in `waker` | the handle is gone | the thread has ended |
//! | the handle joins | becomes JOINING, blocks | not possible | not possible | returns |
//! | the handle detaches | becomes DETACHED | not possible | not possible | frees the state |
//! | the thread ends | becomes DONE | becomes DONE, wakes the handle | frees the state | not possible |
//!
//! In JOINING and DETACHED the handle does not change the word, so the thread needs no read-modify-write instruction.
//!
//! Invariants:
//! 1. One thread and one handle use a [`JoinState`]. Each makes one call at a time; the thread ends once, and the handle
//!    detaches once.
//! 2. `waker` belongs to the handle in RUNNING and DONE, and to the thread in JOINING.
//! 3. The side that has made the word DETACHED or DONE no longer accesses the [`JoinState`]: the other side, which is the
//!    last, frees it.
#![allow(unsafe_code)]

use ::std::num::NonZeroU64;
use ::std::task::Waker;

use crate::wait::atomic::{AtomicU32, Ordering, UnsafeCell};
use crate::wait::park::{Outcome, Wait, WaitEntry};
use crate::wait::reason::{Holder, Kind, Reason};
use crate::wait::wait_while::BlockFn;

const RUNNING: u32 = 0;
const JOINING: u32 = 1;
const DETACHED: u32 = 2;
const DONE: u32 = 3;

/// The state word, and the waker of the joiner.
pub(crate) struct JoinState {
    state: AtomicU32,
    waker: UnsafeCell<Option<Waker>>,
}

// SAFETY: by invariant 2 one thread at a time accesses the waker, and a waker is `Send`.
unsafe impl Sync for JoinState {}

impl JoinState {
    pub(crate) fn new() -> JoinState {
        JoinState {
            state: AtomicU32::new(RUNNING),
            waker: UnsafeCell::new(None),
        }
    }

    /// Returns whether the thread has ended. If so, everything that it did is visible.
    #[inline]
    pub(crate) fn is_done(&self) -> bool {
        // Acquire: the partner of the release in `finish`.
        self.state.load(Ordering::Acquire) == DONE
    }

    /// Returns whether the handle has been dropped. If so, everything that was done with it is visible.
    #[inline]
    pub(crate) fn is_detached(&self) -> bool {
        // Acquire: the partner of the release in `detach`.
        self.state.load(Ordering::Acquire) == DETACHED
    }

    /// Blocks the calling thread, by `block`, until the thread has ended. Reports name that by its `number`.
    ///
    /// # Safety
    ///
    /// The caller has exclusive access to the handle (invariant 1).
    #[inline]
    #[track_caller]
    pub(crate) unsafe fn wait(&self, block: BlockFn, number: NonZeroU64) {
        while !self.is_done() {
            let outcome = block(&Wait::new(&Joining(self, number), None).located());
            debug_assert!(outcome != Outcome::TimedOut, "a join has no deadline");
        }
    }

    /// Detaches the thread. Returns false if the thread has ended, so that the caller must free the state.
    ///
    /// # Safety
    ///
    /// `this` is valid, and the caller is the handle, which does not wait (invariant 1). If this returns true, the caller
    /// does not access it any more.
    #[inline]
    pub(crate) unsafe fn detach(this: *const JoinState) -> bool {
        // SAFETY: the caller guarantees that it is valid. Only the word is borrowed, since the state may be freed
        // concurrently.
        let state = unsafe { &(*this).state };
        // Release: the partner of `is_detached` and `finish`. Acquire: as in `is_done`.
        state
            .compare_exchange(RUNNING, DETACHED, Ordering::Release, Ordering::Acquire)
            .is_ok()
    }

    /// Reports the thread's end, and wakes the joiner. Returns false if the handle has been dropped, so that the caller must
    /// free the state.
    ///
    /// # Safety
    ///
    /// `this` is valid, and the caller is the thread (invariant 1). If this returns true, the caller does not access it any
    /// more.
    #[inline]
    pub(crate) unsafe fn finish(this: *const JoinState) -> bool {
        // SAFETY: the caller guarantees that it is valid. Only the word is borrowed, since the state may be freed
        // concurrently.
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
        // SAFETY: the word is JOINING, so `this` has not been freed.
        let slot = unsafe { &(*this).waker };
        // SAFETY: by invariant 2.
        let waker = slot.with_mut(|waker| unsafe { (*waker).take() });
        state.store(DONE, Ordering::Release);
        if let Some(waker) = waker {
            waker.wake();
        }
        true
    }
}

impl Drop for JoinState {
    fn drop(&mut self) {
        // With this access a model checks that no other thread still accesses the waker.
        if cfg!(any(loom, debug_assertions)) {
            // SAFETY: by invariant 3 the side that frees the state is the last to access it.
            let forgotten = self.waker.with(|waker| unsafe { (*waker).is_some() });
            assert!(
                !forgotten,
                "a thread has ended, and its joiner was not woken"
            );
        }
    }
}

/// The handle's entry, which is woken when the thread has ended. Created only by `wait`.
struct Joining<'a>(&'a JoinState, NonZeroU64);

impl WaitEntry for Joining<'_> {
    fn register(&self, waker: Waker, _patience: u32) -> bool {
        let JoinState { state, waker: slot } = self.0;
        // SAFETY: by invariant 2: the handle does not wait yet.
        slot.with_mut(|slot| unsafe { *slot = Some(waker) });
        // Release: a thread that reads JOINING sees the waker. Acquire: as in `is_done`.
        let joining =
            state.compare_exchange(RUNNING, JOINING, Ordering::Release, Ordering::Acquire);
        if joining.is_err() {
            // SAFETY: by invariant 2: the thread has ended.
            drop(slot.with_mut(|slot| unsafe { (*slot).take() }));
        }
        joining.is_ok()
    }

    fn is_waiting(&self) -> bool {
        !self.0.is_done()
    }

    fn unregister(&self) -> bool {
        // A join has no deadline. If it had one, it would continue to wait: the thread that ends wakes it.
        false
    }

    fn reason(&self) -> Reason {
        Reason::new(Kind::Join, self.0).held_by(Holder::Thread(self.1))
    }
}
