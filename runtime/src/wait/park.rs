//! Blocking a thread: the trait of a parker, and the one loop in which every thread blocks.

use ::std::mem;
use ::std::panic::Location;
use ::std::process;
use ::std::task::Waker;
use ::std::time::Instant;

use crate::wait::atomic::spin_loop;
use crate::wait::reason::Reason;

/// How one thread, native or green, blocks and is woken.
///
/// Wakeups set a token, as in `thread::park`: a wakeup that precedes the call of [`Park::park`] makes it return at once.
pub(crate) trait Park {
    /// The number of times that a thread of this kind, woken for a lock, may lose it to a barging thread before the lock is
    /// handed off to it. The value is small if a thread resumes soon after a wakeup. If resuming takes microseconds, each
    /// hand-off leaves the lock unused for that time.
    const PATIENCE: u32 = 1;

    /// Returns a waker of this thread, which may be called on any OS thread and at any time. If it is called after the wait
    /// has ended, a later [`Park::park`] wakes up spuriously.
    fn waker(&self) -> Waker;

    /// Blocks until woken, or until the deadline. Spurious wakeups are possible. Does not panic.
    fn park(&self, deadline: Option<Instant>);
}

/// An entry that a thread registers, most often in a queue, in order to be woken.
///
/// It is not moved while it is registered: from a [`register`](WaitEntry::register) that returned true until
/// [`is_waiting`](WaitEntry::is_waiting) is false or [`unregister`](WaitEntry::unregister) was true. [`wait`] is the only
/// caller, and borrows it throughout.
pub(crate) trait WaitEntry {
    /// Polls once before the entry is registered. Called by the native path in a loop.
    fn spin(&self) -> Spin {
        Spin::Stop
    }

    /// Registers the entry with `waker`. Returns false, without registering it, if there is nothing to wait for.
    fn register(&self, waker: Waker, patience: u32) -> bool;

    /// Returns whether the wait has not ended yet.
    fn is_waiting(&self) -> bool;

    /// Unregisters the entry after the deadline. Returns false if another thread has ended the wait or is ending it: then
    /// [`is_waiting`](WaitEntry::is_waiting) is false, or will be, and a wakeup follows.
    fn unregister(&self) -> bool;

    /// Returns what a report says that the thread waits for. Called on the waiting thread's OS thread, while the place is
    /// taken or about to be.
    fn reason(&self) -> Reason;
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

/// A request to wait: the entry to register, and the deadline.
pub(crate) struct Wait<'a> {
    entry: &'a dyn WaitEntry,
    deadline: Option<Instant>,
    location: Option<&'static Location<'static>>,
}

/// How a wait ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Outcome {
    /// There was nothing to wait for.
    Ready,
    /// Another thread ended it.
    Woken,
    /// The deadline passed, and the entry has been unregistered.
    TimedOut,
}

impl<'a> Wait<'a> {
    pub(crate) fn new(entry: &'a dyn WaitEntry, deadline: Option<Instant>) -> Wait<'a> {
        Wait {
            entry,
            deadline,
            location: None,
        }
    }

    /// Tells reports where the thread blocks: where its caller calls this, through functions with `#[track_caller]`.
    #[track_caller]
    pub(crate) fn located(self) -> Self {
        Wait {
            location: Some(Location::caller()),
            ..self
        }
    }

    /// Returns what a report says that the thread waits for.
    pub(crate) fn reason(&self) -> Reason {
        self.entry.reason()
    }

    /// Returns where the thread blocks, if that is known.
    pub(crate) fn location(&self) -> Option<&'static Location<'static>> {
        self.location
    }

    /// Polls for a while before blocking. Returns whether there is nothing left to wait for.
    pub(crate) fn spin(&self) -> bool {
        loop {
            match self.entry.spin() {
                Spin::Free => return true,
                Spin::Again => spin_loop(),
                Spin::Stop => return false,
            }
        }
    }
}

/// Blocks the calling thread, by its `parker`, until `wait` has ended.
pub(crate) fn wait<P: Park>(parker: &P, wait: &Wait<'_>) -> Outcome {
    let entry = wait.entry;
    let unwinding = AbortOnUnwind;
    let outcome = if !entry.register(parker.waker(), P::PATIENCE) {
        Outcome::Ready
    } else {
        let mut until = wait.deadline;
        loop {
            if !entry.is_waiting() {
                break Outcome::Woken;
            }
            parker.park(until);
            // The clock is read last, so that a thread that was woken does not read it.
            if let Some(deadline) = until
                && entry.is_waiting()
                && Instant::now() >= deadline
            {
                if entry.unregister() {
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

/// Aborts if [`wait`] unwinds, which would drop an entry that is still registered.
struct AbortOnUnwind;

impl Drop for AbortOnUnwind {
    fn drop(&mut self) {
        eprintln!("greenpatch: a thread unwound out of a wait; this is a bug in greenpatch");
        process::abort();
    }
}
