//! One OS thread patches at a time. It may patch again from a hook; other threads block natively.
//!
//! Green threads of one OS thread share its turn, if a hook lets them run. Their calls patch
//! another feature, or fail because the feature is being decided on.
//!
//! No lock is held while user code runs: the turn is recorded as the ID of its owner. A hook that waits for
//! another thread which itself calls to patch deadlocks, as it would with any other order of
//! the two.
#![forbid(unsafe_code)]

use std::marker::PhantomData;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};

use super::panics;
use crate::patch::events::warnings;
use crate::patch::table::scheduler;

static HELD: Mutex<Held> = Mutex::new(Held {
    owner: None,
    depth: 0,
});
static FREED: Condvar = Condvar::new();

struct Held {
    owner: Option<ThreadId>,
    depth: usize,
}

/// Runs a patch call when no other OS thread patches. Writes the queued warnings after the outermost
/// call, even if it panics.
pub(super) fn run<R>(call: impl FnOnce() -> R) -> R {
    let turn = Turn::take();
    let result = panics::catch(|| shielded(call));
    warnings::emit(turn.give_back());
    result.unwrap_or_else(|payload| panics::resume(payload))
}

/// Makes a call whose hooks no cancellation of the thread and no time-out around it unwinds.
fn shielded<R>(call: impl FnOnce() -> R) -> R {
    let Some(scheduler) = scheduler::get() else {
        return call();
    };
    let (mut call, mut result) = (Some(call), None);
    (scheduler.shielded)(&mut || result = call.take().map(|call| call()));
    result.expect("the scheduler makes the call")
}

/// The turn of this OS thread. It is not `Send`.
struct Turn(PhantomData<*const ()>);

impl Turn {
    fn take() -> Turn {
        let me = thread::current().id();
        let mut held = lock();
        while held.owner.is_some_and(|owner| owner != me) {
            #[expect(clippy::disallowed_methods, reason = "a turn is waited for natively")]
            let free = FREED.wait(held);
            held = free.unwrap_or_else(PoisonError::into_inner);
        }
        held.owner = Some(me);
        held.depth += 1;
        Turn(PhantomData)
    }

    /// Ends the turn, and returns the warnings to write if this was the outermost call.
    fn give_back(self) -> Vec<String> {
        let mut held = lock();
        held.depth -= 1;
        if held.depth > 0 {
            return Vec::new();
        }
        held.owner = None;
        let warnings = warnings::take();
        drop(held);
        FREED.notify_one();
        warnings
    }
}

fn lock() -> MutexGuard<'static, Held> {
    HELD.lock().unwrap_or_else(PoisonError::into_inner)
}
