//! The switch by corosensei, which can only resume and suspend.
//!
//! A flow on one of greenpatch's stacks is a corosensei coroutine. The flow on the OS thread's own stack resumes all of
//! them, in [`drive`]. A flow that switches to another stores that one in `NEXT` and suspends itself.
//!
//! ```text
//!   own stack: switch() ── drive ──▶ A ── NEXT = B, suspends ──▶ drive ──▶ B ── NEXT = own, suspends ──▶ returns
//! ```
#![allow(unsafe_code)]

use std::backtrace::Backtrace;
use std::cell::Cell;
use std::ffi::c_void;
use std::marker::PhantomData;
use std::num::NonZeroUsize;
use std::ops::Range;
use std::ptr::{self, NonNull};

use corosensei::stack::{Stack as RawStack, StackPointer};
use corosensei::{Coroutine, CoroutineResult, Yielder};

use super::stack::Stack;

/// A suspended flow. Null is the flow on the OS thread's own stack.
#[derive(Debug)]
pub(crate) struct SavedContext {
    flow: Cell<*mut Flow>,
}

/// A flow on one of greenpatch's stacks. It lives in a box, which `drive` frees when the flow has been left for good.
struct Flow {
    coroutine: Coroutine<(), (), (), BorrowedStack>,
    /// The yielder, which lies on the flow's stack. Set when the flow first runs.
    yielder: Cell<*const Yielder<(), ()>>,
}

/// A stack that the caller of `prepare` owns.
struct BorrowedStack {
    top: NonZeroUsize,
    limit: NonZeroUsize,
}

// SAFETY: `prepare`'s caller guarantees exclusive ownership of the stack, which is guarded and large enough (`stack`).
unsafe impl RawStack for BorrowedStack {
    fn base(&self) -> StackPointer {
        self.top
    }

    fn limit(&self) -> StackPointer {
        self.limit
    }
}

thread_local! {
    /// The running flow. Null is the flow on the OS thread's own stack.
    static RUNNING: Cell<*mut Flow> = const { Cell::new(ptr::null_mut()) };
    /// The flow to resume next, and whether the flow that stored it is left for good.
    static NEXT: Cell<(*mut Flow, bool)> = const { Cell::new((ptr::null_mut(), false)) };
}

impl SavedContext {
    /// Creates the context of a flow that has not been suspended yet.
    pub(crate) const fn new() -> Self {
        SavedContext {
            flow: Cell::new(ptr::null_mut()),
        }
    }

    /// Creates the context of the flow on the OS thread's own stack.
    pub(crate) fn of_this_thread() -> Self {
        SavedContext::new()
    }

    /// Replaces this context with `other`.
    pub(crate) fn adopt(&self, other: SavedContext) {
        self.flow.set(other.flow.get());
    }

    /// Does nothing when a flow begins on `stack` without [`prepare`], after the previous flow there has ended: for
    /// corosensei it is still the same flow.
    pub(crate) fn goes_on_upon(&self, _stack: &Stack) {}

    /// Returns the lowest address that the flow uses of its stack, which corosensei does not tell.
    pub(crate) fn left_at(&self) -> Option<usize> {
        None
    }

    /// Does nothing: there is no portable prefetch.
    pub(crate) fn prefetch<const LINES: usize>(&self) {}
}

/// Returns no backtrace: corosensei does not tell where a flow was suspended.
///
/// # Safety
///
/// Nothing is required. Where greenpatch's own switch is in use, the flow must be suspended.
pub(crate) unsafe fn backtrace(_flow: &SavedContext) -> Option<Backtrace> {
    None
}

/// Where a signal has interrupted a flow.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Interrupted<'a>(PhantomData<&'a ()>);

impl Interrupted<'_> {
    /// Returns one, of which nothing is known.
    ///
    /// # Safety
    ///
    /// Nothing is required. Where greenpatch's own switch is in use, this must be called by a signal's handler with its argument.
    pub(crate) unsafe fn new(_context: *mut c_void) -> Option<Self> {
        Some(Interrupted(PhantomData))
    }
}

/// Returns no addresses, since nothing is copied.
pub(crate) fn own_stack(_is_main: bool) -> (usize, usize) {
    (0, 0)
}

/// Why a stack was not copied.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(dead_code, reason = "nothing is copied")]
pub(crate) enum NotCopied {
    OnAnotherStack,
    TooLarge,
}

/// Memory for a copy of a stack, of which there is none.
#[derive(Debug)]
pub(crate) enum Room {}

impl Room {
    /// Returns none.
    pub(crate) fn new() -> Option<Room> {
        None
    }

    /// Is not called, as there is no room.
    pub(crate) fn address(&self) -> NonNull<u8> {
        match *self {}
    }

    /// Copies nothing.
    ///
    /// # Safety
    ///
    /// Nothing is required. Where greenpatch's own switch is in use, there must be a room at the address.
    pub(crate) unsafe fn copy(
        _room: NonNull<u8>,
        _interrupted: Interrupted<'_>,
        _stack: Range<usize>,
    ) -> Result<(), NotCopied> {
        Err(NotCopied::OnAnotherStack)
    }

    /// Is not called, as there is no room.
    ///
    /// # Safety
    ///
    /// Nothing is required. Where greenpatch's own switch is in use, a flow must have been copied.
    pub(crate) unsafe fn instructions(self) -> Vec<usize> {
        match self {}
    }
}

/// Prepares a flow that begins in `entry` on `stack` when `context` is switched to.
///
/// # Safety
///
/// No code may run on the stack or resume there, the caller must own the stack exclusively, and the stack must outlive
/// every switch to `context`.
pub(crate) unsafe fn prepare(stack: &Stack, context: &SavedContext, entry: extern "C" fn() -> !) {
    let borrowed = BorrowedStack {
        top: stack.top().addr(),
        limit: stack.limit().addr(),
    };
    let coroutine = Coroutine::with_stack(borrowed, move |yielder, ()| {
        let running = RUNNING.get();
        // SAFETY: `drive` has set it to the flow that it resumed, which is this one. `drive` frees the flow only when it
        // has been left for good. The coroutine beside this field is borrowed by `drive`.
        unsafe { &(*running).yielder }.set(ptr::from_ref(yielder));
        entry()
    });
    let flow = Box::new(Flow {
        coroutine,
        yielder: Cell::new(ptr::null()),
    });
    context.flow.set(Box::into_raw(flow));
}

/// Suspends the running flow, saves its context in `from`, and resumes the flow of `to`. Returns when another flow
/// switches to `from`.
///
/// # Safety
///
/// `to` must be the context of a suspended or prepared flow of this OS thread. `from` must stay in place until it is
/// switched to.
#[inline(never)]
pub(crate) unsafe fn switch(from: &SavedContext, to: &SavedContext) {
    let running = RUNNING.get();
    from.flow.set(running);
    match NonNull::new(running) {
        // SAFETY: guaranteed by the caller.
        None => unsafe { drive(to.flow.get()) },
        Some(flow) => {
            NEXT.set((to.flow.get(), false));
            // SAFETY: the running flow is alive. The coroutine beside this field is borrowed by `drive`.
            let yielder = unsafe { &(*flow.as_ptr()).yielder }.get();
            // SAFETY: the yielder lies on the stack of this flow, in an outer frame.
            unsafe { &*yielder }.suspend(());
        }
    }
}

/// Leaves the running flow for good, and resumes the flow of `to`. Nothing on the stack that is left is dropped. Once
/// another flow runs, that stack can be prepared again.
///
/// # Safety
///
/// `to` must be as for [`switch`].
pub(crate) unsafe fn leave_for(to: &SavedContext) -> ! {
    NEXT.set((to.flow.get(), true));
    let flow = NonNull::new(RUNNING.get()).expect("the OS thread's own flow is not left for good");
    // SAFETY: as in `switch`.
    let yielder = unsafe { &(*flow.as_ptr()).yielder }.get();
    // SAFETY: as in `switch`.
    unsafe { &*yielder }.suspend(());
    unreachable!("a flow that was left for good does not go on")
}

/// Does nothing: there is no portable prefetch.
pub(crate) fn prefetch(_address: *const u8) {}

/// Must be called first by the entry of a flow.
pub(crate) fn begun() {}

/// Resumes flows, on the OS thread's own stack, until the flow on that stack is the next one.
///
/// # Safety
///
/// As for [`switch`].
unsafe fn drive(mut flow: *mut Flow) {
    while !flow.is_null() {
        RUNNING.set(flow);
        // SAFETY: a flow that was not left for good is alive. Its coroutine is not borrowed elsewhere: the code that runs
        // inside accesses `yielder` alone.
        let coroutine = unsafe { &mut (*flow).coroutine };
        match coroutine.resume(()) {
            CoroutineResult::Yield(()) => {}
            CoroutineResult::Return(()) => unreachable!("the entry of a flow does not return"),
        }
        let (next, is_last) = NEXT.get();
        if is_last {
            // SAFETY: there is no other pointer to a flow that was left for good.
            let mut ended = unsafe { Box::from_raw(flow) };
            // SAFETY: the values on its stack are not dropped, as `leave_for` says, and no code resumes there.
            unsafe { ended.coroutine.force_reset() };
        }
        flow = next;
    }
    RUNNING.set(ptr::null_mut());
}
