//! A pool of OS threads, called helpers, that make blocking calls for green threads.
//!
//! A helper makes one call at a time while the green thread that asked for it is parked. An idle helper takes a call at
//! once; otherwise a further helper is started while there are fewer than [`FEW`]. Beyond that calls queue. While any do,
//! a keeper thread starts more helpers: one if a call has not begun for [`PATIENCE`], and as many as there are if
//! none has begun. So short calls share a few helpers, and calls that block for long get one each: no call waits behind
//! one that depends on it. The cost of a call does not grow with the number of calls.
//!
//! If the OS has no more threads, calls queue until a helper is free. If none becomes free, which may be forever, a call
//! is refused with the OS's error. Where there is no helper at all, or no keeper, most calls are made in place.
//!
//! Invariants:
//! 1. A [`Job`] lies in a frame of the green thread that asked for it, which does not leave that frame before the job is
//!    `DONE`: `park::wait` does not unwind, and a suspended stack is never unwound from outside.
//! 2. A pointer to a job is in the queue from `register` until one helper, or the keeper, removes it under the lock. That
//!    thread alone accesses `call`, `end` and `waker`, until it stores `DONE`, its last access to the job.
#![allow(unsafe_code)]

use std::any::Any;
use std::cell::Cell;
use std::collections::VecDeque;
use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::thread;
use std::time::Duration;

use super::parker::Parker;
use crate::boundary;
use crate::hub;
use crate::seam::offload::Call;
use crate::seam::unwind;
use crate::wait::park::{Wait, WaitEntry};
use crate::wait::reason::{Kind, Reason};

/// The number of helpers that are started without waiting for one to become free.
const FEW: usize = 4;

/// The time that a call waits for a helper before more are started.
const PATIENCE: Duration = Duration::from_millis(5);

/// The number of consecutive periods of [`PATIENCE`] in which the OS refuses a thread and no call begins, before a call is
/// refused.
const REFUSALS: u32 = 100;

/// The time that an idle helper waits for work before it exits.
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
    /// Helpers that are alive or being started.
    alive: usize,
    /// Helpers that wait for work.
    idle: usize,
    /// The process that the state belongs to, by the number of forks. The child of a fork has no helpers.
    process: u32,
    /// The number of calls that have begun, modulo 2^BITS.
    begun: usize,
    /// Whether there is a keeper.
    is_kept: bool,
}

/// A job in the queue.
#[derive(Clone, Copy)]
struct Pending(NonNull<()>);

// SAFETY: by invariant 2 one thread at a time accesses the job, and a call is `Send`.
unsafe impl Send for Pending {}

impl Helpers {
    /// Creates a pool without a limit, for calls that may depend on each other.
    pub(super) const fn new(name: &'static str) -> Helpers {
        Helpers::limited(name, usize::MAX)
    }

    /// Creates a pool of at most `limit` helpers, for calls that end without the help of others.
    pub(super) const fn limited(name: &'static str, limit: usize) -> Helpers {
        Helpers {
            name,
            limit,
            state: Mutex::new(State::new()),
            work: Condvar::new(),
        }
    }

    /// Has a helper make `call` while the current green thread waits. Makes the call in place if there is no helper and none
    /// can be started. A panic of the call is propagated.
    ///
    /// # Errors
    ///
    /// If all helpers are busy for long and the OS has no more threads. The call was not made then.
    pub(super) fn make(&'static self, parker: &Parker, call: Call<'_>) -> io::Result<()> {
        let job = Job::new(self, call);
        match (job.wait(parker), job.call.take()) {
            (Err(_), Some(call)) => {
                call.make();
                Ok(())
            }
            (ended, _) => ended,
        }
    }

    /// The same for a call that is known to wait, which is never made in place.
    ///
    /// # Errors
    ///
    /// If the OS has no thread for it. The call was not made then.
    pub(super) fn make_elsewhere(&'static self, parker: &Parker, call: Call<'_>) -> io::Result<()> {
        Job::new(self, call).wait(parker)
    }

    /// Queues a job, and makes sure that a thread will remove it.
    fn push(&'static self, job: Pending) -> io::Result<()> {
        let mut state = self.lock();
        if state.process != hub::forks() {
            *state = State::new();
            state.process = hub::forks();
        }
        let busy = state.queue.len() >= state.idle;
        if busy && state.alive < self.limit.min(FEW) {
            state.alive += 1;
            drop(state);
            let started = self.start_helper();
            state = self.lock();
            if let Err(error) = started {
                state.alive -= 1;
                if state.alive == 0 {
                    return Err(error);
                }
            }
        }
        // Also after a helper was started: it may have taken another call.
        if state.queue.len() >= state.idle && state.alive < self.limit && !state.is_kept {
            // Under the lock: no call that may need a keeper is queued without one.
            self.spawn(|| self.keep())?;
            state.is_kept = true;
        }
        state.queue.push_back(job);
        let wake = state.idle > 0;
        drop(state);
        if wake {
            self.work.notify_one();
        }
        Ok(())
    }

    /// Returns the number of helpers without a call, and the number of calls that have begun.
    pub(super) fn idle(&self) -> (usize, usize) {
        let state = self.lock();
        if state.process != hub::forks() {
            return (0, 0);
        }
        (state.idle.saturating_sub(state.queue.len()), state.begun)
    }

    fn start_helper(&'static self) -> io::Result<()> {
        self.spawn(|| self.help())
    }

    fn spawn(&'static self, body: impl FnOnce() + Send + 'static) -> io::Result<()> {
        let name = self.name.into();
        thread::Builder::new().name(name).spawn(body).map(drop)
    }

    /// The body of a helper.
    fn help(&self) {
        let mut state = self.lock();
        loop {
            if let Some(job) = state.queue.pop_front() {
                state.begun = state.begun.wrapping_add(1);
                drop(state);
                job.make();
                state = self.lock();
                continue;
            }
            state.idle += 1;
            #[expect(clippy::disallowed_methods, reason = "an OS thread of the pool")]
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

    /// The body of the keeper, which ends when no call waits for a helper.
    fn keep(&'static self) {
        let mut refusals = 0;
        let mut state = self.lock();
        loop {
            let (begun, waiting) = (state.begun, state.queue.len());
            drop(state);
            #[expect(clippy::disallowed_methods, reason = "an OS thread of the pool")]
            thread::sleep(PATIENCE);
            state = self.lock();
            if state.queue.is_empty() || state.alive >= self.limit {
                state.is_kept = false;
                return;
            }
            let taken = state.begun.wrapping_sub(begun);
            if taken >= waiting {
                // All calls that waited before have begun.
                continue;
            }
            let more = if taken > 0 { 1 } else { state.alive.max(1) };
            let more = more.min(state.queue.len()).min(self.limit - state.alive);
            state.alive += more;
            drop(state);
            let mut refused = None;
            let started = (0..more).take_while(|_| {
                refused = self.start_helper().err();
                refused.is_none()
            });
            let missing = more - started.count();
            state = self.lock();
            state.alive -= missing;
            refusals = if missing == more && taken == 0 {
                refusals + 1
            } else {
                0
            };
            if refusals > REFUSALS
                && let Some(error) = refused
                && let Some(job) = state.queue.pop_front()
            {
                drop(state);
                job.refuse(error);
                state = self.lock();
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    const fn new() -> State {
        State {
            queue: VecDeque::new(),
            alive: 0,
            idle: 0,
            process: 0,
            begun: 0,
            is_kept: false,
        }
    }
}

/// The call has not been made yet.
const WAITING: u32 = 0;
/// The call has been made or refused, and only the green thread will access the job again.
const DONE: u32 = 1;

/// One call, in a frame of the green thread that asked for it.
struct Job<'a> {
    call: Cell<Option<Call<'a>>>,
    helpers: &'static Helpers,
    end: Cell<Option<End>>,
    waker: Cell<Option<Waker>>,
    mark: AtomicU32,
}

/// The end of a job if its call has not returned.
enum End {
    Panicked(Box<dyn Any + Send>),
    Refused(io::Error),
}

impl<'a> Job<'a> {
    fn new(helpers: &'static Helpers, call: Call<'a>) -> Job<'a> {
        Job {
            call: Cell::new(Some(call)),
            helpers,
            end: Cell::new(None),
            waker: Cell::new(None),
            mark: AtomicU32::new(WAITING),
        }
    }

    /// Queues the job and waits for its end.
    fn wait(&self, parker: &Parker) -> io::Result<()> {
        let _inside = boundary::enter();
        parker.wait(&Wait::new(self, None));
        match self.end.take() {
            None => Ok(()),
            Some(End::Refused(error)) => Err(error),
            Some(End::Panicked(payload)) => {
                unwind::panicked();
                panic::resume_unwind(payload);
            }
        }
    }

    /// Marks the job as done and wakes the green thread. `self` must not be used after that.
    fn finish(&self) {
        let waker = self.waker.take();
        // Release: the green thread sees what the call did.
        self.mark.store(DONE, Ordering::Release);
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl Pending {
    /// Makes the call.
    fn make(self) {
        let job = self.job();
        if let Some(call) = job.call.take()
            && let Err(payload) = panic::catch_unwind(AssertUnwindSafe(|| call.make()))
        {
            job.end.set(Some(End::Panicked(payload)));
        }
        job.finish();
    }

    /// Ends the wait without making the call.
    fn refuse(self, error: io::Error) {
        let job = self.job();
        job.call.set(None);
        job.end.set(Some(End::Refused(error)));
        job.finish();
    }

    fn job<'a>(self) -> &'a Job<'a> {
        // SAFETY: by invariants 1 and 2 the job is alive until `finish`, and accessed by this thread alone. The reference
        // does not leave `make` and `refuse`, which end with `finish`.
        unsafe { self.0.cast::<Job<'a>>().as_ref() }
    }
}

impl WaitEntry for Job<'_> {
    fn register(&self, waker: Waker, _patience: u32) -> bool {
        self.waker.set(Some(waker));
        let given = self.helpers.push(Pending(NonNull::from(self).cast()));
        match given {
            Ok(()) => true,
            Err(error) => {
                self.end.set(Some(End::Refused(error)));
                false
            }
        }
    }

    fn is_waiting(&self) -> bool {
        // Acquire: the partner of the release in `finish`.
        self.mark.load(Ordering::Acquire) == WAITING
    }

    fn unregister(&self) -> bool {
        // A job has no deadline, and a call that has begun could not be withdrawn.
        false
    }

    fn reason(&self) -> Reason {
        Reason::new(Kind::Call(self.helpers.name), self)
    }
}

#[cfg(test)]
mod tests;
