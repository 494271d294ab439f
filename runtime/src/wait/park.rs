//! Blocking a thread: the trait of a parker, and the one loop in which every thread blocks.

use ::std::mem;
use ::std::panic::Location;
use ::std::process;
use ::std::task::Waker;
use ::std::time::Instant;

use crate::wait::atomic::spin_loop;
use crate::wait::interrupts::Next;
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

    /// Returns whether something may end a wait of this thread early.
    fn may_be_interrupted(&self) -> bool {
        false
    }

    /// Returns what ends a wait of this thread early.
    fn next_interrupt(&self) -> Next {
        Next::Nothing
    }
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

    /// Unregisters the entry after the deadline, or because the wait is interrupted. Returns false if another thread has ended the wait or is ending it: then
    /// [`is_waiting`](WaitEntry::is_waiting) is false, or will be, and a wakeup follows.
    fn unregister(&self) -> bool;

    /// Returns what a report says that the thread waits for. Called on the waiting thread's OS thread, while the place is
    /// taken or about to be, or on another OS thread while that one is blocked in the wait. So it reads what has not changed since, or
    /// atomics.
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
    is_interruptible: bool,
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
    /// The thread was cancelled or is in a time-out that has elapsed, and the entry has been unregistered. The caller puts
    /// everything as it was before the wait, and unwinds.
    Interrupted,
}

impl<'a> Wait<'a> {
    #[inline(always)]
    pub(crate) fn new(entry: &'a dyn WaitEntry, deadline: Option<Instant>) -> Wait<'a> {
        Wait {
            entry,
            deadline,
            location: None,
            is_interruptible: false,
        }
    }

    /// Lets the wait end as [`Outcome::Interrupted`].
    #[inline(always)]
    pub(crate) fn interruptible(self) -> Self {
        Wait {
            is_interruptible: true,
            ..self
        }
    }

    /// Tells reports where the thread blocks: where its caller calls this, through functions with `#[track_caller]`.
    #[track_caller]
    #[inline(always)]
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
        self.spin_at_most(u32::MAX) == Spin::Free
    }

    /// Does the same for a limited number of polls. Returns what the last one has found.
    pub(crate) fn spin_at_most(&self, polls: u32) -> Spin {
        for _ in 0..polls {
            match self.entry.spin() {
                Spin::Again => spin_loop(),
                found => return found,
            }
        }
        Spin::Again
    }
}

/// Blocks the calling thread, by its `parker`, until `wait` has ended.
///
/// Nothing interrupts the thread at the time of the call, or else the caller calls [`wait_interruptibly`].
// Inlined, and so is what it calls down to the switch: after a switch the processor mispredicts each return.
#[inline(always)]
pub(crate) fn wait<P: Park>(parker: &P, wait: &Wait<'_>) -> Outcome {
    let entry = wait.entry;
    let unwinding = AbortOnUnwind;
    let outcome = if !entry.register(parker.waker(), P::PATIENCE) {
        Outcome::Ready
    } else {
        let mut until = wait.deadline;
        loop {
            // If the wait has ended meanwhile, there is a token. This is the one call of its kind, which is inlined.
            parker.park(until);
            if !entry.is_waiting() {
                break Outcome::Woken;
            }
            if wait.is_interruptible && parker.may_be_interrupted() {
                break go_on_interruptibly(parker, entry, until);
            }
            // The clock is read last, so that a thread that was woken does not read it.
            if let Some(deadline) = until
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

/// Does the same for a thread whose waits may end early.
#[cold]
#[inline(never)]
pub(crate) fn wait_interruptibly<P: Park>(parker: &P, wait: &Wait<'_>) -> Outcome {
    if !wait.is_interruptible {
        return self::wait(parker, wait);
    }
    let unwinding = AbortOnUnwind;
    let outcome = match wait.entry.register(parker.waker(), P::PATIENCE) {
        true => go_on_interruptibly(parker, wait.entry, wait.deadline),
        false => Outcome::Ready,
    };
    mem::forget(unwinding);
    outcome
}

/// Blocks the thread until the wait of a registered entry has ended, or is to end early.
#[cold]
fn go_on_interruptibly<P: Park>(
    parker: &P,
    entry: &dyn WaitEntry,
    deadline: Option<Instant>,
) -> Outcome {
    while entry.is_waiting() {
        let until = match parker.next_interrupt() {
            Next::Nothing => deadline,
            Next::At(time) => Some(deadline.map_or(time, |deadline| deadline.min(time))),
            Next::Now(_) if entry.unregister() => return Outcome::Interrupted,
            Next::Now(_) => break,
        };
        parker.park(until);
        if entry.is_waiting() && deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            match entry.unregister() {
                true => return Outcome::TimedOut,
                false => break,
            }
        }
    }
    // If the wait has not ended, another thread is ending it and will wake this one.
    while entry.is_waiting() {
        parker.park(None);
    }
    Outcome::Woken
}

/// Aborts if [`wait`] unwinds, which would drop an entry that is still registered.
struct AbortOnUnwind;

impl Drop for AbortOnUnwind {
    fn drop(&mut self) {
        eprintln!("greenpatch: a thread unwound out of a wait; this is a bug in greenpatch");
        process::abort();
    }
}
