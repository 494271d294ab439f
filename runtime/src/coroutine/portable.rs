//! The switch through corosensei, which knows resuming and suspending only.
//!
//! A flow on a stack of ours is a corosensei coroutine. All of them are resumed by the flow that runs on the
//! OS thread's own stack, in [`drive`]: one that switches to another leaves word of it and suspends itself.
//!
//! ```text
//!   own stack: switch() ── drive ──▶ A ── leaves word: B, suspends ──▶ drive ──▶ B ── word: own ──▶ returns
//! ```
#![allow(unsafe_code)]

use std::cell::Cell;
use std::num::NonZeroUsize;
use std::ptr::{self, NonNull};

use corosensei::stack::{Stack as RawStack, StackPointer};
use corosensei::{Coroutine, CoroutineResult, Yielder};

use super::stack::Stack;

/// Where a flow was left, while it is: null is the OS thread's own.
#[derive(Debug)]
pub(crate) struct SavedContext {
    flow: Cell<*mut Flow>,
}

/// A flow on a stack of ours. It lives in a box, which `drive` frees when the flow has been left for good.
struct Flow {
    coroutine: Coroutine<(), (), (), Lent>,
    /// Set when it first runs; it lies on its own stack.
    yielder: Cell<*const Yielder<(), ()>>,
}

/// A stack that is owned elsewhere.
struct Lent {
    top: NonZeroUsize,
    limit: NonZeroUsize,
}

// SAFETY: `prepare`'s caller guarantees exclusive ownership of the stack, which is guarded and large enough (`stack`).
unsafe impl RawStack for Lent {
    fn base(&self) -> StackPointer {
        self.top
    }

    fn limit(&self) -> StackPointer {
        self.limit
    }
}

thread_local! {
    /// The flow that runs; null is the OS thread's own.
    static RUNNING: Cell<*mut Flow> = const { Cell::new(ptr::null_mut()) };
    /// Word of the flow that comes next, and whether the one that left it is left for good.
    static NEXT: Cell<(*mut Flow, bool)> = const { Cell::new((ptr::null_mut(), false)) };
}

impl SavedContext {
    /// Of a flow that was not left yet.
    pub(crate) const fn new() -> Self {
        SavedContext {
            flow: Cell::new(ptr::null_mut()),
        }
    }

    /// Of the flow that runs on the OS thread's own stack.
    pub(crate) fn of_this_thread() -> Self {
        SavedContext::new()
    }

    /// Becomes the context that `other` was.
    pub(crate) fn adopt(&self, other: SavedContext) {
        self.flow.set(other.flow.get());
    }

    /// Of a flow that has begun without [`prepare`], where the one before it on `stack` has ended: for
    /// corosensei it is still the same one.
    pub(crate) fn goes_on_upon(&self, _stack: &Stack) {}

    /// Asks the processor for so many lines of memory that a switch to this flow will need first.
    pub(crate) fn prefetch<const LINES: usize>(&self) {}
}

/// Lets a flow begin in `entry` on `stack` when `context` is switched to.
///
/// # Safety
///
/// No code runs on the stack or will resume there, the caller owns it exclusively, and it outlives every switch to
/// `context`.
pub(crate) unsafe fn prepare(stack: &Stack, context: &SavedContext, entry: extern "C" fn() -> !) {
    let lent = Lent {
        top: stack.top().addr(),
        limit: stack.limit().addr(),
    };
    let coroutine = Coroutine::with_stack(lent, move |yielder, ()| {
        let running = RUNNING.get();
        // SAFETY: `drive` has set it to the flow that it resumed, this one, which it frees only when it has
        // been left for good. The coroutine beside this field is borrowed by `drive`.
        unsafe { &(*running).yielder }.set(ptr::from_ref(yielder));
        entry()
    });
    let flow = Box::new(Flow {
        coroutine,
        yielder: Cell::new(ptr::null()),
    });
    context.flow.set(Box::into_raw(flow));
}

/// Leaves the flow that runs, which `from` then says where to find, and goes on in that of `to`. Returns
/// when another flow goes on in `from`.
///
/// # Safety
///
/// `to` says where a flow of this OS thread was left, or prepared, and that flow is suspended. `from` stays
/// in place until it is switched to.
#[inline(never)]
pub(crate) unsafe fn switch(from: &SavedContext, to: &SavedContext) {
    let running = RUNNING.get();
    from.flow.set(running);
    match NonNull::new(running) {
        // SAFETY: by the caller's promise.
        None => unsafe { drive(to.flow.get()) },
        Some(flow) => {
            NEXT.set((to.flow.get(), false));
            // SAFETY: the flow that runs is alive. The coroutine beside this field is borrowed by `drive`.
            let yielder = unsafe { &(*flow.as_ptr()).yielder }.get();
            // SAFETY: it lies on the stack of this flow, in a frame below this one.
            unsafe { &*yielder }.suspend(());
        }
    }
}

/// Leaves the flow that runs for good, and goes on in that of `to`. Nothing on the stack that is left is
/// dropped. Once another flow runs, that stack can be prepared anew.
///
/// # Safety
///
/// `to` is as for [`switch`].
pub(crate) unsafe fn leave_for(to: &SavedContext) -> ! {
    NEXT.set((to.flow.get(), true));
    let flow = NonNull::new(RUNNING.get()).expect("the OS thread's own flow is not left for good");
    // SAFETY: as in `switch`.
    let yielder = unsafe { &(*flow.as_ptr()).yielder }.get();
    // SAFETY: as in `switch`.
    unsafe { &*yielder }.suspend(());
    unreachable!("a flow that was left for good does not go on")
}

/// Asks the processor for a line of memory that will be needed soon.
pub(crate) fn prefetch(_place: *const u8) {}

/// To be called by the entry of a flow before anything else.
pub(crate) fn begun() {}

/// Resumes flows, on the OS thread's own stack, until that is to go on itself.
///
/// # Safety
///
/// As for [`switch`].
unsafe fn drive(mut flow: *mut Flow) {
    while !flow.is_null() {
        RUNNING.set(flow);
        // SAFETY: a flow that was not left for good is alive. Its coroutine is not borrowed elsewhere: what
        // runs inside accesses `yielder` alone.
        let coroutine = unsafe { &mut (*flow).coroutine };
        match coroutine.resume(()) {
            CoroutineResult::Yield(()) => {}
            CoroutineResult::Return(()) => unreachable!("the entry of a flow does not return"),
        }
        let (next, is_last) = NEXT.get();
        if is_last {
            // SAFETY: there is no other pointer to a flow that was left for good.
            let mut ended = unsafe { Box::from_raw(flow) };
            // SAFETY: what is on its stack is not dropped, as its caller wished, and nothing goes on there.
            unsafe { ended.coroutine.force_reset() };
        }
        flow = next;
    }
    RUNNING.set(ptr::null_mut());
}
