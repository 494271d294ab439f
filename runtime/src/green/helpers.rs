//! OS threads that make calls for green threads, and go away when there are none to make.
//!
//! A call is made by one helper while the green thread that wants it is parked. There is always a
//! helper for it soon: an idle one takes it at once; else one more is started while there are
//! [`FEW`]; beyond that only for a call that nobody has begun after [`PATIENCE`], up to the limit. So
//! short calls share a few helpers, and calls that block for long get one each.
//!
//! Invariants:
//! 1. A [`Job`] lies in the frame of the green thread that wants it, which does not leave that frame
//!    before the job is `DONE` or was taken out of the queue: `park::wait` does not unwind, and a
//!    suspended stack is never unwound from outside.
//! 2. A pointer to a job is in the queue from `enlist` until one helper takes it out under the lock or
//!    `withdraw` does. Only who took it out reaches `call`, `panic` and `waker`, until it stores
//!    `DONE`, which is the last that it does to the job.
#![allow(unsafe_code)]

use std::any::Any;
use std::cell::Cell;
use std::collections::VecDeque;
use std::panic::{self, AssertUnwindSafe};
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::{Duration, Instant};
use std::{mem, thread};

use super::parker::Parker;
use crate::seam::offload::Call;
use crate::seam::park::{self, Enlist, Outcome, Wait};
use crate::seam::unwind;

/// Helpers that are started without waiting for one to become free.
const FEW: usize = 4;

/// How long a call waits for a helper before one more is started.
const PATIENCE: Duration = Duration::from_millis(5);

/// How long a helper that has nothing to do stays.
const IDLE: Duration = Duration::from_secs(5);

/// The helpers of one kind of call.
pub(super) struct Helpers {
    name: &'static str,
    limit: usize,
    state: Mutex<State>,
    work: Condvar,
}

struct State {
    queue: VecDeque<Pending>,
    /// Helpers that live, or are being started.
    alive: usize,
    /// Those of them that wait for work.
    idle: usize,
}

/// A job in the queue.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Pending(NonNull<()>);

// SAFETY: by invariant 2 the job is reached by one thread at a time; a call is `Send`.
unsafe impl Send for Pending {}

impl Helpers {
    pub(super) const fn new(name: &'static str, limit: usize) -> Helpers {
        Helpers {
            name,
            limit,
            state: Mutex::new(State {
                queue: VecDeque::new(),
                alive: 0,
                idle: 0,
            }),
            work: Condvar::new(),
        }
    }

    /// Has a helper make `call` while the green thread of `parker` waits. Passes a panic on.
    pub(super) fn make(&'static self, parker: &Parker, call: Call<'_>) {
        let job = Job {
            helpers: self,
            call: Cell::new(Some(call)),
            panic: Cell::new(None),
            waker: Cell::new(None),
            mark: AtomicU32::new(WAITING),
            attempt: Cell::new(0),
        };
        loop {
            let deadline = Instant::now() + PATIENCE * (1 << job.attempt.get().min(6));
            match park::wait(parker, &Wait::new(&job, Some(deadline))) {
                Outcome::TimedOut => job.attempt.set(job.attempt.get() + 1),
                Outcome::Woken => break,
                // There is no helper, and none could be started.
                Outcome::Ready => {
                    job.make();
                    break;
                }
            }
        }
        if let Some(payload) = job.panic.take() {
            unwind::panicked();
            panic::resume_unwind(payload);
        }
    }

    /// Puts a job into the queue, and sees to it that somebody takes it out. False if nobody can.
    fn push(&'static self, job: Pending, attempt: u32) -> bool {
        let mut state = self.lock();
        if state.queue.len() >= state.idle
            && state.alive < self.limit
            && (state.alive < FEW || attempt > 0)
        {
            state.alive += 1;
            drop(state);
            let started = thread::Builder::new()
                .name(self.name.into())
                .spawn(|| self.help());
            state = self.lock();
            if started.is_err() {
                state.alive -= 1;
                if state.alive == 0 {
                    return false;
                }
            }
        }
        // Those that come back for want of a helper have waited longest.
        if attempt > 0 {
            state.queue.push_front(job);
        } else {
            state.queue.push_back(job);
        }
        let wake = state.idle > 0;
        drop(state);
        if wake {
            self.work.notify_one();
        }
        true
    }

    /// What a helper does until there is nothing to do.
    fn help(&self) {
        let mut state = self.lock();
        loop {
            if let Some(Pending(job)) = state.queue.pop_front() {
                drop(state);
                // SAFETY: by invariants 1 and 2 it is alive and this thread's.
                Job::make_and_wake(unsafe { job.cast::<Job<'_>>().as_ref() });
                state = self.lock();
                continue;
            }
            state.idle += 1;
            #[expect(
                clippy::disallowed_methods,
                reason = "an OS thread that makes calls for others"
            )]
            let (woken, timeout) = self
                .work
                .wait_timeout(state, IDLE)
                .unwrap_or_else(PoisonError::into_inner);
            state = woken;
            state.idle -= 1;
            if timeout.timed_out() && state.queue.is_empty() {
                state.alive -= 1;
                return;
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The call has not been made yet.
const WAITING: u32 = 0;
/// It has, and nobody but the green thread will touch the job again.
const DONE: u32 = 1;

/// One call, in the frame of the green thread that wants it.
struct Job<'a> {
    helpers: &'static Helpers,
    call: Cell<Option<Call<'a>>>,
    panic: Cell<Option<Box<dyn Any + Send>>>,
    waker: Cell<Option<Waker>>,
    mark: AtomicU32,
    /// How often it has waited for a helper in vain.
    attempt: Cell<u32>,
}

impl Job<'_> {
    fn make(&self) {
        let Some(call) = self.call.take() else { return };
        if let Err(payload) = panic::catch_unwind(AssertUnwindSafe(|| call.make())) {
            self.panic.set(Some(payload));
        }
    }

    fn make_and_wake(&self) {
        self.make();
        let waker = self.waker.take();
        // Release: the green thread sees what the call did.
        self.mark.store(DONE, Ordering::Release);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn pending(&self) -> Pending {
        Pending(NonNull::from(self).cast())
    }
}

impl Enlist for Job<'_> {
    fn enlist(&self, waker: Waker, _patience: u32) -> bool {
        self.waker.set(Some(waker));
        self.helpers.push(self.pending(), self.attempt.get())
    }

    fn waits(&self) -> bool {
        // Acquire: the partner of the release in `make_and_wake`.
        self.mark.load(Ordering::Acquire) == WAITING
    }

    fn withdraw(&self) -> bool {
        let mut state = self.helpers.lock();
        let place = state.queue.iter().position(|job| *job == self.pending());
        match place {
            Some(place) => {
                state.queue.remove(place);
                drop(state);
                mem::drop(self.waker.take());
                true
            }
            // A helper has begun it.
            None => false,
        }
    }
}

#[cfg(test)]
mod tests;
