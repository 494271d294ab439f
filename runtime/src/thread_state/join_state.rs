//! The protocol between a thread and its join handle: it reports the thread's end, and decides which of the two frees
//! their shared state.
//!
//! The state is one word:
//!
//! | | RUNNING | NEAR, FAR | DETACHED | ENDING | DONE |
//! | --- | --- | --- | --- | --- | --- |
//! | meaning | the thread runs, the handle does not wait | the handle waits, its waker is in `waker` | the handle is gone | the thread takes the waker | the thread has ended |
//! | the handle joins | becomes NEAR or FAR, blocks | not possible | not possible | not possible | returns |
//! | the wait is interrupted | not possible | becomes RUNNING | not possible | goes on | goes on |
//! | the handle detaches | becomes DETACHED | not possible | not possible | not possible | frees the state |
//! | the thread ends | becomes DONE | becomes DONE, wakes the handle; if FAR, by way of ENDING | frees the state | not possible | not possible |
//!
//! A joiner on the thread's own OS thread, where the two never run at the same time, is NEAR. In NEAR and DETACHED the handle does not change the word while the thread ends, so the thread needs no
//! read-modify-write instruction.
//!
//! Invariants:
//! 1. One thread and one handle use a [`JoinState`]. Each makes one call at a time; the thread ends once, and the handle
//!    detaches once.
//! 2. `waker` belongs to the handle in RUNNING and DONE, and to the thread in NEAR and ENDING. In FAR it belongs to the side
//!    that changes the word.
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
const NEAR: u32 = 1;
const FAR: u32 = 2;
const DETACHED: u32 = 3;
const ENDING: u32 = 4;
const DONE: u32 = 5;

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

    /// Blocks the calling thread, by `block`, until the thread has ended. Returns false if the wait was interrupted. Reports
    /// name the thread by its `number`.
    ///
    /// # Safety
    ///
    /// The caller has exclusive access to the handle (invariant 1). If `is_near` returns true, the thread ends on this OS
    /// thread.
    #[inline]
    #[track_caller]
    pub(crate) unsafe fn wait(
        &self,
        block: BlockFn,
        is_near: impl FnOnce() -> bool,
        number: NonZeroU64,
    ) -> bool {
        if self.is_done() {
            return true;
        }
        let joining = Joining {
            of: self,
            waits_as: if is_near() { NEAR } else { FAR },
            number,
        };
        while !self.is_done() {
            match block(&Wait::new(&joining, None).located().interruptible()) {
                Outcome::Interrupted => return false,
                Outcome::TimedOut => debug_assert!(false, "a join has no deadline"),
                Outcome::Ready | Outcome::Woken => {}
            }
        }
        true
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
        while now != NEAR {
            let ended = match now {
                DETACHED => return false,
                // Release, here and below: the partner of `is_done`.
                RUNNING => DONE,
                _ => ENDING,
            };
            debug_assert!(now == RUNNING || now == FAR, "a thread ends once");
            match state.compare_exchange(now, ended, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) if ended == DONE => return true,
                Ok(_) => break,
                Err(changed) => now = changed,
            }
        }
        // SAFETY: the word is NEAR or ENDING, so `this` has not been freed.
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
struct Joining<'a> {
    of: &'a JoinState,
    /// The word while this waits.
    waits_as: u32,
    number: NonZeroU64,
}

impl WaitEntry for Joining<'_> {
    fn register(&self, waker: Waker, _patience: u32) -> bool {
        let JoinState { state, waker: slot } = self.of;
        // SAFETY: by invariant 2: the handle does not wait yet.
        slot.with_mut(|slot| unsafe { *slot = Some(waker) });
        // Release: a thread that reads it sees the waker. Acquire: as in `is_done`.
        let joining =
            state.compare_exchange(RUNNING, self.waits_as, Ordering::Release, Ordering::Acquire);
        if joining.is_err() {
            // SAFETY: by invariant 2: the thread has ended.
            drop(slot.with_mut(|slot| unsafe { (*slot).take() }));
        }
        joining.is_ok()
    }

    fn is_waiting(&self) -> bool {
        !self.of.is_done()
    }

    fn unregister(&self) -> bool {
        let JoinState { state, waker: slot } = self.of;
        // Acquire: nothing that follows is done before the word says that the handle does not wait. It is not the thread
        // that writes NEAR or FAR, so there is nothing of its to see.
        let withdrawn =
            state.compare_exchange(self.waits_as, RUNNING, Ordering::Acquire, Ordering::Relaxed);
        if withdrawn.is_ok() {
            // SAFETY: by invariant 2, for NEAR by the contract of `wait`: the thread does not end now.
            drop(slot.with_mut(|slot| unsafe { (*slot).take() }));
        }
        withdrawn.is_ok()
    }

    fn reason(&self) -> Reason {
        Reason::new(Kind::Join, self.of).held_by(Holder::Thread(self.number))
    }
}
