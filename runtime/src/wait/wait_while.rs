//! Waiting on an address for as long as a condition holds.

use std::time::Instant;

use crate::wait::park::{Outcome, Wait};
use crate::wait::parking_lot::{self, Address, Gate, Waiter};
use crate::wait::reason::{Kind, Reason};

/// A function that blocks the calling thread: a patch point's.
pub(crate) type BlockFn = fn(&Wait<'_>) -> Outcome;

/// Blocks the calling thread, by `block`, while `busy` returns true, or until `deadline`. A thread that makes `busy` false
/// must call [`wake_all`] with the same `place` afterwards.
#[track_caller]
pub(crate) fn wait_while<T>(
    block: BlockFn,
    kind: Kind,
    place: &T,
    deadline: Option<Instant>,
    busy: impl Fn() -> bool,
) -> Outcome {
    wait(|wait| block(&wait), kind, place, deadline, busy)
}

/// Does the same, and may also end as [`Outcome::Interrupted`], while `busy` returns true.
#[track_caller]
pub(crate) fn wait_while_interruptible<T>(
    block: BlockFn,
    kind: Kind,
    place: &T,
    deadline: Option<Instant>,
    busy: impl Fn() -> bool,
) -> Outcome {
    let block = |wait: Wait<'_>| block(&wait.interruptible());
    wait(block, kind, place, deadline, busy)
}

#[track_caller]
fn wait<T>(
    block: impl Fn(Wait<'_>) -> Outcome,
    kind: Kind,
    place: &T,
    deadline: Option<Instant>,
    busy: impl Fn() -> bool,
) -> Outcome {
    if !busy() {
        return Outcome::Ready;
    }
    let gate = While {
        busy: &busy,
        reason: Reason::new(kind, place),
    };
    let waiter = Waiter::new(Address::of(place), 0, gate);
    loop {
        let outcome = block(Wait::new(&waiter, deadline).located());
        match outcome {
            Outcome::TimedOut => return outcome,
            // What the thread waited for has happened.
            _ if !busy() => return Outcome::Woken,
            Outcome::Interrupted => return outcome,
            Outcome::Ready | Outcome::Woken => {}
        }
    }
}

/// Wakes all threads that wait on the address of `place`.
pub(crate) fn wake_all<T>(place: &T) {
    parking_lot::with_queue(Address::of(place), |queue| queue.wake_all());
}

struct While<'a, F> {
    busy: &'a F,
    reason: Reason,
}

impl<F: Fn() -> bool> Gate for While<'_, F> {
    // This is called under the queue's lock, which `wake_all` acquires after the condition has become false. So either the
    // condition is seen to be false here, or `wake_all` sees this waiter.
    fn validate(&self, _impatient: bool) -> bool {
        (self.busy)()
    }

    fn reason(&self) -> Reason {
        self.reason
    }
}
