//! How a thread blocks, and the one loop in which every thread does so.

use ::std::mem;
use ::std::process;
use ::std::task::Waker;
use ::std::time::Instant;

use crate::wait::atomic::spin_loop;

/// How one thread, native or green, blocks and is woken.
///
/// It has a token, as in `thread::park`: a wakeup that comes before the wait ends that wait.
pub(crate) trait Park {
    /// The number of times that a thread of this kind, woken for a lock, may find the lock taken by a barging thread before
    /// the lock is handed to it. A thread that resumes soon after a wakeup can be impatient. For one that takes
    /// microseconds to resume, a hand-off leaves the lock unused for that time.
    const PATIENCE: u32 = 1;

    /// Returns a waker of this thread, which may be called on any OS thread and at any time. After the wait has ended it
    /// causes a spurious wakeup of a later [`Park::park`].
    fn waker(&self) -> Waker;

    /// Blocks until woken, or until the deadline. Spurious wakeups are possible. Does not panic.
    fn park(&self, deadline: Option<Instant>);
}

/// A place in a queue, which a thread takes in order to be woken.
///
/// While it is taken, from an [`register`](WaitEntry::register) that returned true until
/// [`is_waiting`](WaitEntry::is_waiting) is false or [`unregister`](WaitEntry::unregister) was true, it is not moved. [`wait`] is the only
/// caller, and borrows it for all that time.
pub(crate) trait WaitEntry {
    /// Polls once before the place is taken; called by the native path in a loop.
    fn spin(&self) -> Spin {
        Spin::Stop
    }

    /// Registers `waker` and takes the place. Returns false, and does not take it, if there is nothing to wait for.
    fn register(&self, waker: Waker, patience: u32) -> bool;

    /// Returns whether the wait has not been ended yet.
    fn is_waiting(&self) -> bool;

    /// Gives the place up, after the deadline. Returns false if the wait has been ended or is being ended: then
    /// [`is_waiting`](WaitEntry::is_waiting) is false, or will be, and a wakeup follows.
    fn unregister(&self) -> bool;
}

/// The result of polling an object that another thread holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Spin {
    /// It is free now.
    Free,
    /// It may be free soon.
    Again,
    /// Polling again is of no use: block.
    Stop,
}

/// One request to wait: where, and until when.
pub(crate) struct Wait<'a> {
    place: &'a dyn WaitEntry,
    deadline: Option<Instant>,
}

/// How a wait ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Outcome {
    /// It did not begin: what was waited for had come.
    Ready,
    /// Another thread ended it.
    Woken,
    /// The deadline passed, and the place has been given up.
    TimedOut,
}

impl<'a> Wait<'a> {
    pub(crate) fn new(place: &'a dyn WaitEntry, deadline: Option<Instant>) -> Wait<'a> {
        Wait { place, deadline }
    }

    /// Polls for a while before blocking. Returns whether what was waited for has come.
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

/// Blocks the calling thread, to which `parker` belongs, as `wait` asks.
pub(crate) fn wait<P: Park>(parker: &P, wait: &Wait<'_>) -> Outcome {
    let place = wait.place;
    let unwinding = AbortOnUnwind;
    let outcome = if !place.register(parker.waker(), P::PATIENCE) {
        Outcome::Ready
    } else {
        let mut until = wait.deadline;
        loop {
            if !place.is_waiting() {
                break Outcome::Woken;
            }
            parker.park(until);
            // The clock last: a thread that was woken need not read it.
            if let Some(deadline) = until
                && place.is_waiting()
                && Instant::now() >= deadline
            {
                if place.unregister() {
                    break Outcome::TimedOut;
                }
                // Another thread is ending the wait and will wake this one.
                until = None;
            }
        }
    };
    mem::forget(unwinding);
    outcome
}

/// Aborts if [`wait`] unwinds, which it never should: a place that is taken must not be dropped with its frame.
struct AbortOnUnwind;

impl Drop for AbortOnUnwind {
    fn drop(&mut self) {
        eprintln!("greenpatch: a thread unwound out of a wait; this is a bug in greenpatch");
        process::abort();
    }
}
