//! Stackful coroutines: the switch behind one small interface, and the stacks that they run on.
//!
//! Layer: coroutine, beside `patch` and `reactor`.
//! Called by: `hub`.
//! Calls: corosensei and the OS's memory mapping; this is the only module that names either.
//! Never: knows a hub, a schedule or a lock.
//!
//! ```text
//!   resumer's stack                 coroutine's stack (one of many in a slab)
//!   ┌──────────────┐                ┌──────────────┐ top, staggered by a few cache lines
//!   │ hub's loop   │                │ entry        │
//!   │ resume() ────┼──── switch ───▶│ body         │
//!   │              │◀─── switch ────┼─ suspend()   │
//!   └──────────────┘                │      ⋮       │
//!                                   ├──────────────┤
//!                                   │ guard page   │ touching it is a fault, not corruption
//!                                   └──────────────┘ limit
//! ```
//!
//! Invariants:
//! 1. A coroutine is resumed only on the OS thread that made it; [`Coroutine`] is not `Send`.
//! 2. A suspended stack is never unwound from outside: dropping a suspended [`Coroutine`] leaks it
//!    and its stack. What borrows from such a stack stays valid for ever.
//! 3. A [`Suspender`] is used only by code that runs on its own coroutine's stack.
#![allow(unsafe_code)]

use std::marker::PhantomData;
use std::mem::ManuallyDrop;

use corosensei::CoroutineResult;

mod pages;
mod slab;
mod stack;

pub(crate) use stack::{Reservation, Stack, StackCache};

/// What a coroutine did when it was resumed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// It suspended itself and can be resumed again.
    Suspended,
    /// Its body has returned; its stack can be taken back.
    Finished,
}

/// A body that runs on a stack of its own and can be left in the middle.
pub(crate) struct Coroutine {
    inner: ManuallyDrop<corosensei::Coroutine<(), (), (), Stack>>,
}

impl Coroutine {
    /// Makes a coroutine that runs `body` on `stack` when it is first resumed.
    ///
    /// A `body` that panics aborts the process: whoever wants to contain panics does so inside it.
    pub(crate) fn new<F>(stack: Stack, body: F) -> Self
    where
        F: FnOnce(&Suspender) + 'static,
    {
        let inner = corosensei::Coroutine::with_stack(stack, move |yielder, ()| {
            let bomb = AbortOnUnwind;
            body(Suspender::wrap(yielder));
            std::mem::forget(bomb);
        });
        Coroutine {
            inner: ManuallyDrop::new(inner),
        }
    }

    /// Runs the coroutine until it suspends itself or its body returns.
    ///
    /// # Panics
    ///
    /// Panics if the body has already returned.
    #[inline]
    pub(crate) fn resume(&mut self) -> Step {
        match self.inner.resume(()) {
            CoroutineResult::Yield(()) => Step::Suspended,
            CoroutineResult::Return(()) => Step::Finished,
        }
    }

    /// Gives the stack of a finished coroutine back.
    ///
    /// # Panics
    ///
    /// Panics if the body has not returned yet.
    pub(crate) fn into_stack(mut self) -> Stack {
        assert!(
            self.inner.done(),
            "only a finished coroutine has a stack to give back"
        );
        // SAFETY: `self` is forgotten next, so `inner` is not used again.
        let inner = unsafe { ManuallyDrop::take(&mut self.inner) };
        std::mem::forget(self);
        inner.into_stack()
    }
}

impl Drop for Coroutine {
    /// Frees a coroutine that has finished or never ran; leaks a suspended one (invariant 2).
    fn drop(&mut self) {
        if self.inner.done() || !self.inner.started() {
            // SAFETY: this is `drop`, so `inner` is not used again.
            unsafe { ManuallyDrop::drop(&mut self.inner) }
        }
    }
}

/// The running side of a coroutine: what its own code suspends it with.
#[repr(transparent)]
pub(crate) struct Suspender {
    yielder: corosensei::Yielder<(), ()>,
    not_send: PhantomData<*mut ()>,
}

impl Suspender {
    fn wrap(yielder: &corosensei::Yielder<(), ()>) -> &Self {
        // SAFETY: `Suspender` is a transparent wrapper of a `Yielder`, the marker has no size.
        unsafe { &*std::ptr::from_ref(yielder).cast::<Suspender>() }
    }

    /// Leaves the coroutine; returns when it is resumed.
    ///
    /// # Safety
    ///
    /// The caller runs on the stack of the coroutine that this suspender belongs to.
    #[inline]
    pub(crate) unsafe fn suspend(&self) {
        self.yielder.suspend(());
    }
}

/// Ends the process when a body unwinds out of its coroutine, which its maker has promised not to do.
struct AbortOnUnwind;

impl Drop for AbortOnUnwind {
    fn drop(&mut self) {
        eprintln!("greenpatch: a coroutine's body unwound; this is a bug of greenpatch");
        std::process::abort();
    }
}

#[cfg(test)]
mod tests;
