//! The state that a thread and its join handle share, in one allocation.
//!
//! ```text
//!     Runner ──▶ Shared { join_state, identity, packet } ◀── Joiner
//!     the thread's owner                             the handle's owner
//! ```
//!
//! References are not counted: the state has two owners, and its [`JoinState`] determines which of them is the last.
//! Neither owner depends on the type of the packet, which is defined by the facade and contains the closure.
//!
//! Invariants:
//! 1. The state has one [`Runner`] and one [`Joiner`], both made by [`Shared::split`]. It lives until both
//!    have released it, the runner by `end`, the joiner by `join` or its drop. The last of the two frees it.
//! 2. Only the runner accesses `packet` until it has released the state, and only the joiner afterwards.
#![allow(unsafe_code)]

use ::std::mem::{self, ManuallyDrop};
use ::std::ptr::NonNull;
use ::std::thread::Result;

use crate::thread_state::identity::LazyIdentity;
use crate::thread_state::join_state::JoinState;
use crate::wait::wait_while::BlockFn;

/// The closure of a thread, and its result: the runner's view of the packet.
pub(crate) trait Body: Send {
    /// Runs the user's closure and stores its result. Does not unwind.
    fn run(&self);

    /// Drops the content, which is no longer needed. A second call does nothing.
    fn discard(&self);
}

/// The result of a thread: the joiner's view of the packet.
pub(crate) trait TakeResult<T>: Send {
    /// Takes the result, if there is one.
    fn take(&self) -> Option<Result<T>>;
}

/// The state that the runner and the joiner own together.
pub(crate) struct Shared<P: ?Sized> {
    join_state: JoinState,
    lazy_identity: LazyIdentity,
    packet: P,
}

impl<P> Shared<P> {
    /// Creates the state of a new thread, which belongs to the scope with this number, or to none if it is zero. Returns its
    /// two owners.
    ///
    /// # Safety
    ///
    /// The caller must ensure that everything that the packet borrows outlives the runner.
    #[inline]
    #[track_caller]
    pub(crate) unsafe fn split<'a, T>(scope: u64, packet: impl FnOnce() -> P) -> (Runner, Joiner<T>)
    where
        P: Body + TakeResult<T> + 'a,
        T: 'a,
    {
        // The box is allocated first, so that its content is not built on the stack and copied.
        let uninit = Box::new_uninit();
        let shared = Box::write(
            uninit,
            Shared {
                join_state: JoinState::new(),
                lazy_identity: LazyIdentity::new(scope),
                packet: packet(),
            },
        );
        let shared = NonNull::from(Box::leak(shared));
        let runner: NonNull<Shared<dyn Body + 'a>> = shared;
        let joiner: NonNull<Shared<dyn TakeResult<T> + 'a>> = shared;
        // SAFETY: only the lifetime changes. The caller guarantees that the runner ends in time. After that only
        // the joiner uses the packet, and its type bounds the lifetime of `T`.
        let runner = unsafe {
            mem::transmute::<NonNull<Shared<dyn Body + 'a>>, NonNull<Shared<dyn Body>>>(runner)
        };
        // SAFETY: as above.
        let joiner = unsafe {
            mem::transmute::<
                NonNull<Shared<dyn TakeResult<T> + 'a>>,
                NonNull<Shared<dyn TakeResult<T>>>,
            >(joiner)
        };
        (Runner(runner), Joiner(joiner))
    }
}

/// The thread's owner of the state. Dropping it reports the thread's end, even if the closure has not run.
pub(crate) struct Runner(NonNull<Shared<dyn Body>>);

// SAFETY: by invariant 2 only this side accesses the packet, which is `Send`; the rest of the state is `Sync`.
unsafe impl Send for Runner {}

impl Runner {
    /// Returns the thread's identity.
    #[inline]
    pub(crate) fn lazy_identity(&self) -> &LazyIdentity {
        &self.shared().lazy_identity
    }

    /// Runs the user's closure and then calls `after`. Drops the result if the handle has been dropped in the meantime.
    pub(crate) fn run(&self, after: impl FnOnce()) {
        self.shared().packet.run();
        after();
        self.discard_unwanted();
    }

    /// Leaves the result to the joiner. `users` is called with false when no more user code will run, while the state is
    /// still alive, and with true if user code has to run after all.
    pub(crate) fn finish(self, users: impl Fn(bool)) {
        ManuallyDrop::new(self).end(users);
    }

    #[inline]
    fn shared(&self) -> &Shared<dyn Body> {
        // SAFETY: by invariant 1 the state is alive: this side has not released it.
        unsafe { self.0.as_ref() }
    }

    /// Drops the result if the handle has been dropped. Returns whether it has.
    #[inline]
    fn discard_unwanted(&self) -> bool {
        let unwanted = self.shared().join_state.is_detached();
        if unwanted {
            self.shared().packet.discard();
        }
        unwanted
    }

    /// Releases the state. `self` must not be used afterwards.
    #[inline]
    fn end(&mut self, users: impl Fn(bool)) {
        loop {
            let unwanted = self.discard_unwanted();
            users(false);
            if unwanted {
                // SAFETY: by invariant 1: the joiner has released it, so this is the last owner; `split` made a box.
                drop(unsafe { Box::from_raw(self.0.as_ptr()) });
                return;
            }
            // SAFETY: by invariant 1 the state is alive.
            let join_state = unsafe { &raw const (*self.0.as_ptr()).join_state };
            // SAFETY: by invariant 1 this is the only runner.
            if unsafe { JoinState::finish(join_state) } {
                return;
            }
            // The handle has just been dropped, so the result is dropped here.
            users(true);
        }
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        self.end(|_| ());
    }
}

/// The handle's owner of the state. Dropping it detaches the thread.
pub(crate) struct Joiner<T>(NonNull<Shared<dyn TakeResult<T>>>);

// SAFETY: by invariant 2 the packet, which is `Send`, passes to this side once; the rest of the state is `Sync`.
unsafe impl<T: Send> Send for Joiner<T> {}
// SAFETY: a shared reference gives access only to `lazy_identity` and `join_state`.
unsafe impl<T: Send> Sync for Joiner<T> {}

impl<T> Joiner<T> {
    /// Returns the thread's identity.
    #[inline]
    pub(crate) fn lazy_identity(&self) -> &LazyIdentity {
        &self.shared().lazy_identity
    }

    /// Returns whether the thread has ended.
    #[inline]
    pub(crate) fn is_done(&self) -> bool {
        self.shared().join_state.is_done()
    }

    /// Blocks the calling thread, by `block`, until the thread has ended. Then calls `also`, and returns the result. If the
    /// wait was interrupted, detaches the thread and returns `None`.
    ///
    /// # Safety
    ///
    /// If `is_near` returns true, the thread ends on this OS thread.
    #[inline]
    #[track_caller]
    pub(crate) unsafe fn join(
        self,
        block: BlockFn,
        is_near: impl FnOnce() -> bool,
        also: impl FnOnce(),
    ) -> Option<Result<T>> {
        let join_state = &self.shared().join_state;
        // SAFETY: by invariant 1 this is the only handle, and it is taken by value, so access is exclusive. The rest is the
        // caller's contract.
        if !unsafe { join_state.wait(block, is_near, self.lazy_identity().number()) } {
            return None;
        }
        also();
        Some(self.into_result())
    }

    /// Returns the result of a thread that has ended.
    ///
    /// # Panics
    ///
    /// Panics if the thread has not ended.
    #[inline]
    pub(crate) fn into_result(self) -> Result<T> {
        assert!(self.is_done(), "a result is taken after the thread's end");
        let this = ManuallyDrop::new(self);
        // SAFETY: by invariant 1: the runner has released it, so this is the last owner; `split` made a box.
        let shared = unsafe { Box::from_raw(this.0.as_ptr()) };
        let result = shared.packet.take();
        result.expect("a thread leaves one result, taken once")
    }

    #[inline]
    fn shared(&self) -> &Shared<dyn TakeResult<T>> {
        // SAFETY: by invariant 1 the state is alive: this side has not released it.
        unsafe { self.0.as_ref() }
    }
}

impl<T> Drop for Joiner<T> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: by invariant 1 the state is alive.
        let join_state = unsafe { &raw const (*self.0.as_ptr()).join_state };
        // SAFETY: by invariant 1 this is the only joiner, and it does not wait.
        if !unsafe { JoinState::detach(join_state) } {
            // SAFETY: by invariant 1: the runner has released it, so this is the last owner; `split` made a box.
            drop(unsafe { Box::from_raw(self.0.as_ptr()) });
        }
    }
}

#[cfg(all(test, loom))]
mod loom_models;
