//! How a thread blocks, and the one loop in which every thread that blocks does so.

use ::std::mem;
use ::std::process;
use ::std::task::Waker;
use ::std::time::Instant;

use crate::wait::atomic::spin_loop;

/// How one thread, native or green, blocks and is woken.
///
/// It holds a token, as in `thread::park`: a wake-up that comes before the wait ends that wait.
pub(crate) trait Park {
    /// How often a thread of this kind, woken for a lock, may find the lock taken again before it
    /// is handed to it directly. A thread that runs soon after it is woken can be impatient; for one
    /// that takes microseconds to wake up, a lock that is handed over lies idle all that time.
    const PATIENCE: u32 = 1;

    /// What wakes this thread. It may be used from any OS thread and at any time; after the wait
    /// has ended it makes a later [`Park::park`] return for no reason.
    fn waker(&self) -> Waker;

    /// Blocks until woken, or until the deadline. May return early for no reason. Does not panic.
    fn park(&self, deadline: Option<Instant>);
}

/// A place in some queue, which a thread takes to be woken.
///
/// While it is taken, from an [`enlist`](Enlist::enlist) that returned true until
/// [`waits`](Enlist::waits) is false or [`withdraw`](Enlist::withdraw) was true, it stays where it is
/// in memory. [`wait`] is the only caller, and holds a borrow for all that time.
pub(crate) trait Enlist {
    /// Whether to try a little longer before taking the place, which the native path asks for.
    fn spin(&self) -> Spin {
        Spin::Stop
    }

    /// Leaves `waker` where those who wake will find it. False if there is nothing to wait for any
    /// more; then the place is not taken.
    fn enlist(&self, waker: Waker, patience: u32) -> bool;

    /// Whether nobody has ended the wait yet.
    fn waits(&self) -> bool;

    /// Gives the place up, after the deadline. False if the wait had ended, or is being ended: then
    /// [`waits`](Enlist::waits) is false, or will be, and a wake-up comes after that.
    fn withdraw(&self) -> bool;
}

/// What a look at something held by another thread says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Spin {
    /// It is free now.
    Free,
    /// It may be free soon.
    Again,
    /// There is no use in looking again: block.
    Stop,
}

/// One request to wait: where, and until when.
pub(crate) struct Wait<'a> {
    place: &'a dyn Enlist,
    deadline: Option<Instant>,
}

/// How a wait ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Outcome {
    /// It did not begin: what was waited for had come.
    Ready,
    /// Somebody ended it.
    Woken,
    /// The deadline passed, and the place has been given up.
    TimedOut,
}

impl<'a> Wait<'a> {
    pub(crate) fn new(place: &'a dyn Enlist, deadline: Option<Instant>) -> Wait<'a> {
        Wait { place, deadline }
    }

    /// Looks a little longer before blocking. True if what was waited for has come.
    pub(crate) fn spin(&self) -> bool {
        loop {
            match self.place.spin() {
                Spin::Free => return true,
                Spin::Again => spin_loop(),
                Spin::Stop => return false,
            }
        }
    }
}

/// Blocks the calling thread, which `parker` is of, as `wait` asks.
pub(crate) fn wait<P: Park>(parker: &P, wait: &Wait<'_>) -> Outcome {
    let place = wait.place;
    let unwinding = AbortOnUnwind;
    let outcome = if !place.enlist(parker.waker(), P::PATIENCE) {
        Outcome::Ready
    } else {
        let mut until = wait.deadline;
        loop {
            if !place.waits() {
                break Outcome::Woken;
            }
            parker.park(until);
            // The clock last: who has been woken need not look at it.
            if let Some(deadline) = until
                && place.waits()
                && Instant::now() >= deadline
            {
                if place.withdraw() {
                    break Outcome::TimedOut;
                }
                // Who ends the wait is at it and will wake this thread.
                until = None;
            }
        }
    };
    mem::forget(unwinding);
    outcome
}

/// A place that is taken must not vanish with its frame; nothing in [`wait`] is meant to unwind.
struct AbortOnUnwind;

impl Drop for AbortOnUnwind {
    fn drop(&mut self) {
        eprintln!("greenpatch: a thread unwound out of a wait; this is a bug in greenpatch");
        process::abort();
    }
}
