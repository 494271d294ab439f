//! What may end the waits of the current thread early, and the unwinding that follows.
//!
//! The native path waits in the OS, which nothing of this ends.
#![allow(unsafe_code)]

use std::any::Any;
use std::num::NonZeroU64;
use std::panic;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::{context, thread, unwind};
use crate::boundary;
use crate::patchable;
use crate::thread_state::cancelled_scopes;
use crate::thread_state::identity::LazyIdentity;
use crate::wait::interrupts::{Due, Interrupts, Next};
use crate::wait::payload::{Cancelled, Elapsed, is_of_an_interrupt};

/// Returns whether the waits of the current thread may be interrupted: it runs on a hub and may leave the processor to
/// others there.
#[patchable]
pub(crate) fn is_possible() -> bool {
    false
}

/// Cancels a green thread. Returns false if that is not possible.
#[patchable]
pub(crate) fn cancel(identity: &LazyIdentity) -> bool {
    let _ = identity;
    false
}

/// Cancels the green threads of a scope while `f` waits for them, also those that begin meanwhile.
pub(crate) fn with_cancelled_scope(scope: NonZeroU64, f: impl FnOnce()) {
    let change = |change: fn(NonZeroU64)| {
        let _inside = boundary::enter();
        change(scope);
    };
    change(cancelled_scopes::add);
    cancel_scope(scope);
    f();
    change(cancelled_scopes::remove);
}

/// Cancels the green threads of the scope with a number that have begun, wherever they run.
#[patchable]
pub(crate) fn cancel_scope(scope: NonZeroU64) {
    let _ = scope;
}

/// A time-out that the current thread is in, until this is dropped.
pub(crate) struct Timed {
    interrupts: NonNull<Interrupts>,
    token: NonZeroU64,
}

impl Timed {
    /// Enters a time-out that elapses after `duration`.
    pub(crate) fn enter(duration: Duration) -> Timed {
        static LAST: AtomicU64 = AtomicU64::new(0);

        let number = LAST.fetch_add(1, Ordering::Relaxed) + 1;
        let token = NonZeroU64::new(number).expect("2^64 time-outs are more than a process enters");
        // A time that the clock cannot represent is never reached.
        let deadline = Instant::now().checked_add(duration);
        let interrupts = current();
        // SAFETY: they are those of the thread that runs this code, which has not ended.
        unsafe { interrupts.as_ref() }.enter(token, deadline);
        Timed { interrupts, token }
    }

    /// Returns whether a payload is that of this time-out.
    pub(crate) fn is_of(&self, payload: &(dyn Any + Send)) -> bool {
        let elapsed = payload.downcast_ref::<Elapsed>();
        elapsed.is_some_and(|elapsed| elapsed.token == self.token)
    }
}

impl Drop for Timed {
    fn drop(&mut self) {
        // SAFETY: as in `enter`: the value is not `Send`, so the same thread runs this.
        unsafe { self.interrupts.as_ref() }.leave(self.token);
    }
}

/// Calls `f`, during which no wait of the current thread is interrupted for what is outside of it.
pub(crate) fn shield<R>(f: impl FnOnce() -> R) -> R {
    struct Shield(NonNull<Interrupts>);
    impl Drop for Shield {
        fn drop(&mut self) {
            // SAFETY: they are those of the thread that runs this code, which has not ended.
            unsafe { self.0.as_ref() }.leave_shield();
        }
    }

    let interrupts = current();
    // SAFETY: as above.
    unsafe { interrupts.as_ref() }.enter_shield();
    let _shield = Shield(interrupts);
    f()
}

/// Unwinds out of a wait that was interrupted.
#[cold]
#[inline(never)]
pub(crate) fn unwind() -> ! {
    let due = with(|interrupts| match interrupts.next() {
        Next::Now(due) => due,
        _ => unreachable!("what has interrupted a wait stays due"),
    });
    let payload: Box<dyn Any + Send> = match due {
        Due::Cancelled { again } => {
            if again {
                // Code that catches the unwinding and waits again, in a loop, does not keep others from running.
                thread::yield_now();
            }
            Box::new(Cancelled)
        }
        Due::Elapsed(elapsed) => Box::new(elapsed),
    };
    with(|interrupts| interrupts.begin_to_unwind(Some(due)));
    unwind::panicked();
    panic::resume_unwind(payload)
}

/// Resumes an unwinding that was caught.
pub(crate) fn resume(payload: Box<dyn Any + Send>) -> ! {
    if is_of_an_interrupt(&*payload) {
        with(|interrupts| interrupts.begin_to_unwind(None));
    }
    unwind::panicked();
    panic::resume_unwind(payload)
}

/// Notes that the current thread has caught an unwinding.
pub(crate) fn caught() {
    unwind::caught();
    with(Interrupts::end_unwinding);
}

/// Notes that the current thread begins to panic, so that it has caught an earlier unwinding.
pub(crate) fn begins_to_panic() {
    with(Interrupts::end_unwinding);
}

/// Returns whether the current thread unwinds because it panics, and not because a wait was interrupted: what it leaves
/// half done is to be marked as such.
#[inline]
pub(crate) fn poisons() -> bool {
    unwind::is_panicking() && !is_unwinding()
}

/// Returns whether the current thread, which unwinds, does so because a wait was interrupted.
#[cold]
pub(crate) fn is_unwinding() -> bool {
    with(Interrupts::is_unwinding)
}

fn with<R>(f: impl FnOnce(&Interrupts) -> R) -> R {
    // SAFETY: they are those of the thread that runs this code, which does not end before `f` does.
    f(unsafe { current().as_ref() })
}

/// Returns the interrupts of the current thread. They stay where they are until it has ended.
fn current() -> NonNull<Interrupts> {
    match context::green() {
        // SAFETY: it is the context of the green thread that runs this code, which therefore has not ended.
        Some(context) => NonNull::from(&unsafe { context.as_ref() }.waiting.interrupts),
        // SAFETY: what belongs to an OS thread lives as long as that.
        None => NonNull::from(&unsafe { context::native_waiting().as_ref() }.interrupts),
    }
}
