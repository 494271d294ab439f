//! The state that a thread and the one handle that may join it share: one allocation.
//!
//! ```text
//!     Runner ──▶ Shared { join_state, identity, packet } ◀── Joiner
//!     the thread's side                             the handle's side
//! ```
//!
//! References are not counted: the state has two owners, and its [`JoinState`] tells which of them comes last.
//! The packet's type, which is the facade's and has the closure in it, is known to neither.
//!
//! Invariants:
//! 1. The state has one [`Runner`] and one [`Joiner`], both made by [`Shared::split`]. It lives until both have
//!    given it up, the runner by `end`, the joiner by `join` or its drop, and the last of the two frees it.
//! 2. `packet` is used by the runner until that has given the state up, and by the joiner after.
#![allow(unsafe_code)]

use ::std::mem::{self, ManuallyDrop};
use ::std::ptr::NonNull;
use ::std::thread::Result;

use crate::thread_state::identity::LazyIdentity;
use crate::thread_state::join_state::JoinState;
use crate::wait::wait_while::BlockFn;

/// What a thread runs, and what that leaves.
pub(crate) trait Body: Send {
    /// Runs the user's closure and keeps its result. Does not unwind.
    fn run(&self);

    /// Drops the content, which is not needed any more. Does nothing the second time.
    fn discard(&self);
}

/// What a thread has left.
pub(crate) trait TakeResult<T>: Send {
    /// Takes the result out, if there is one.
    fn take(&self) -> Option<Result<T>>;
}

/// What both own.
pub(crate) struct Shared<P: ?Sized> {
    join_state: JoinState,
    lazy_identity: LazyIdentity,
    packet: P,
}

impl<P> Shared<P> {
    /// Makes a shared for a new thread, and both its owners.
    ///
    /// # Safety
    ///
    /// The caller sees to it that the runner has ended before what the packet borrows does.
    #[inline]
    pub(crate) unsafe fn split<'a, T>(packet: impl FnOnce() -> P) -> (Runner, Joiner<T>)
    where
        P: Body + TakeResult<T> + 'a,
        T: 'a,
    {
        // The box first, so that what goes into it is not made on the stack and copied.
        let place = Box::new_uninit();
        let shared = Box::write(
            place,
            Shared {
                join_state: JoinState::new(),
                lazy_identity: LazyIdentity::new(),
                packet: packet(),
            },
        );
        let shared = NonNull::from(Box::leak(shared));
        let runner: NonNull<Shared<dyn Body + 'a>> = shared;
        let joiner: NonNull<Shared<dyn TakeResult<T> + 'a>> = shared;
        // SAFETY: only the lifetime changes. The runner's end is the caller's word; after it the packet is
        // used by the joiner alone, whose type says how long a `T` lives.
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

/// The thread's side. Dropped, it ends the thread's part, also if that has not run.
pub(crate) struct Runner(NonNull<Shared<dyn Body>>);

// SAFETY: by invariant 2 the packet, which is `Send`, is this side's alone; the rest of a shared is `Sync`.
unsafe impl Send for Runner {}

impl Runner {
    /// Returns the thread's identity.
    #[inline]
    pub(crate) fn lazy_identity(&self) -> &LazyIdentity {
        &self.shared().lazy_identity
    }

    /// Runs the user's closure, and drops the result if the handle is gone by then.
    pub(crate) fn run(&self) {
        self.shared().packet.run();
        self.discard_unwanted();
    }

    /// Leaves the result to the joiner. `users` is called with false when user code has run for the last time, while
    /// the state is still alive; and with true if some has to run after all.
    pub(crate) fn finish(self, users: impl Fn(bool)) {
        ManuallyDrop::new(self).end(users);
    }

    #[inline]
    fn shared(&self) -> &Shared<dyn Body> {
        // SAFETY: by invariant 1 this side has not given it up.
        unsafe { self.0.as_ref() }
    }

    /// Drops the result if the handle has gone; says whether it has.
    #[inline]
    fn discard_unwanted(&self) -> bool {
        let unwanted = self.shared().join_state.is_detached();
        if unwanted {
            self.shared().packet.discard();
        }
        unwanted
    }

    /// Gives the shared up. `self` is not used after that.
    #[inline]
    fn end(&mut self, users: impl Fn(bool)) {
        loop {
            let unwanted = self.discard_unwanted();
            users(false);
            if unwanted {
                // SAFETY: by invariant 1: the joiner has gone, and this is the runner; `split` made a box.
                drop(unsafe { Box::from_raw(self.0.as_ptr()) });
                return;
            }
            // SAFETY: by invariant 1 the shared is there.
            let join_state = unsafe { &raw const (*self.0.as_ptr()).join_state };
            // SAFETY: by invariant 1, this being the one runner.
            if unsafe { JoinState::finish(join_state) } {
                return;
            }
            // The handle has gone just now, so what it would have taken is dropped here.
            users(true);
        }
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        self.end(|_| ());
    }
}

/// The handle's side. Dropped, it detaches the thread.
pub(crate) struct Joiner<T>(NonNull<Shared<dyn TakeResult<T>>>);

// SAFETY: by invariant 2 the packet, which is `Send`, goes to this side once; the rest of a shared is `Sync`.
unsafe impl<T: Send> Send for Joiner<T> {}
// SAFETY: a shared one gives access to `identity` and `join_state` alone.
unsafe impl<T: Send> Sync for Joiner<T> {}

impl<T> Joiner<T> {
    /// Returns the thread's identity.
    #[inline]
    pub(crate) fn lazy_identity(&self) -> &LazyIdentity {
        &self.shared().lazy_identity
    }

    /// Whether the thread has ended.
    #[inline]
    pub(crate) fn is_done(&self) -> bool {
        self.shared().join_state.is_done()
    }

    /// Blocks by `block` until the thread has ended, calls `also`, and returns the result.
    #[inline]
    pub(crate) fn join(self, block: BlockFn, also: impl FnOnce()) -> Result<T> {
        // SAFETY: by invariant 1 this is the one handle, and it is not shared, since it is taken by value.
        unsafe { self.shared().join_state.wait(block) };
        also();
        assert!(self.is_done(), "a result is taken after the thread's end");
        let this = ManuallyDrop::new(self);
        // SAFETY: by invariant 1: the runner has gone, and this is the joiner; `split` made a box.
        let shared = unsafe { Box::from_raw(this.0.as_ptr()) };
        shared
            .packet
            .take()
            .expect("a thread leaves one result, taken once")
    }

    #[inline]
    fn shared(&self) -> &Shared<dyn TakeResult<T>> {
        // SAFETY: by invariant 1 this side has not given it up.
        unsafe { self.0.as_ref() }
    }
}

impl<T> Drop for Joiner<T> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: by invariant 1 the shared is there.
        let join_state = unsafe { &raw const (*self.0.as_ptr()).join_state };
        // SAFETY: by invariant 1, this being the one joiner, which does not wait any more.
        if !unsafe { JoinState::detach(join_state) } {
            // SAFETY: by invariant 1: the runner has gone, and this is the joiner; `split` made a box.
            drop(unsafe { Box::from_raw(self.0.as_ptr()) });
        }
    }
}

#[cfg(all(test, loom))]
mod loom_models;
