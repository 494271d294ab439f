//! One OS thread patches at a time. It may patch again from a hook; others wait natively.
//!
//! Green threads of one OS thread share its turn, should a hook let others run: what they ask for is
//! either another feature, or an error since that one is being decided on.
//!
//! Nothing is locked while user code runs: the turn is a note of whose it is. A hook that waits for
//! another thread which itself wants to patch waits for ever, as it would with any other order of
//! the two.
#![forbid(unsafe_code)]

use std::marker::PhantomData;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};

use super::panics;
use crate::patch::events::warnings;

static HELD: Mutex<Held> = Mutex::new(Held {
    owner: None,
    depth: 0,
});
static FREED: Condvar = Condvar::new();

struct Held {
    owner: Option<ThreadId>,
    depth: usize,
}

/// Runs a patch call when no other OS thread patches; writes the queued warnings after the outermost
/// one, also when it panics.
pub(super) fn run<R>(call: impl FnOnce() -> R) -> R {
    let turn = Turn::take();
    let result = panics::catch(call);
    warnings::emit(turn.give_back());
    result.unwrap_or_else(|payload| panics::resume(payload))
}

/// This OS thread's turn; not to be sent to another.
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

    /// Ends the turn, and returns the warnings to write if it was the outermost call.
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
