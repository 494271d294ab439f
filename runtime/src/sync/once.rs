//! [`Once`]: an initialization that runs once.
//!
//! | state | meaning |
//! | --- | --- |
//! | `NEW` | has not been started |
//! | `POISONED` | the last thread that started it panicked; one that unwinds without a panic makes it `NEW` again |
//! | `RUNNING` | a thread runs it |
//! | `DONE` | complete; never changes again |
//!
//! With each but `DONE` the bit `QUEUED` may be set: threads wait at this address. It is set under the lock of the queue. The
//! running thread clears it with the swap that ends `RUNNING`, and then wakes all waiters.

use ::std::cell::Cell;
use ::std::fmt;
use ::std::marker::PhantomData;
use ::std::panic::{RefUnwindSafe, UnwindSafe, panic_any};

use crate::interruption;
use crate::seam::busy::busy;
use crate::seam::sync::wait_lock;
use crate::wait::atomic::{AtomicU32, Ordering, const_unless_loom, guess};
use crate::wait::park::{Outcome, Wait};
use crate::wait::parking_lot::{self, Address, Gate, Waiter};
use crate::wait::reason::{Kind, Reason};

const NEW: u32 = 0;
const POISONED: u32 = 1;
const RUNNING: u32 = 2;
const DONE: u32 = 3;
const QUEUED: u32 = 4;

/// A synchronization primitive for an initialization that runs once.
///
/// # Examples
///
/// ```
/// use greenpatch::sync::Once;
///
/// static START: Once = Once::new();
///
/// let mut times = 0;
/// for _ in 0..2 {
///     START.call_once(|| times += 1);
/// }
/// assert_eq!(times, 1);
/// ```
pub struct Once {
    state: AtomicU32,
}

/// The initial value of a static [`Once`].
#[deprecated(since = "1.38.0", note = "the `Once::new()` function is now preferred")]
#[cfg(not(loom))]
#[expect(
    clippy::declare_interior_mutable_const,
    reason = "std has it, and it is copied into a static"
)]
pub const ONCE_INIT: Once = Once::new();

impl UnwindSafe for Once {}
impl RefUnwindSafe for Once {}

#[expect(clippy::new_without_default, reason = "std's has no `Default` either")]
impl Once {
    const_unless_loom! {
        /// Creates a new `Once`.
        #[inline]
        #[must_use]
        pub fn new() -> Once {
            Once {
                state: AtomicU32::new(NEW),
            }
        }
    }

    /// Runs `f` if no initialization has been run; blocks while another thread runs one.
    ///
    /// A re-entrant call from within `f` blocks forever.
    ///
    /// # Panics
    ///
    /// Panics if `f` panics, which poisons the `Once`, or if the `Once` is poisoned.
    #[inline]
    #[track_caller]
    pub fn call_once<F>(&self, f: F)
    where
        F: FnOnce(),
    {
        if self.is_done() {
            return;
        }
        let mut f = Some(f);
        self.call(
            Some("Once instance has previously been poisoned"),
            &mut |_| {
                if let Some(f) = f.take() {
                    f();
                }
            },
        );
    }

    /// Runs `f` if no initialization has completed, ignoring poisoning.
    ///
    /// # Panics
    ///
    /// Panics if `f` panics.
    ///
    /// # Examples
    ///
    /// ```
    /// use greenpatch::sync::Once;
    /// use std::panic::catch_unwind;
    ///
    /// static START: Once = Once::new();
    ///
    /// assert!(catch_unwind(|| START.call_once(|| panic!("no network"))).is_err());
    /// START.call_once_force(|state| assert!(state.is_poisoned()));
    /// assert!(START.is_completed());
    /// ```
    #[inline]
    #[track_caller]
    pub fn call_once_force<F>(&self, f: F)
    where
        F: FnOnce(&OnceState),
    {
        if self.is_done() {
            return;
        }
        let mut f = Some(f);
        self.call(None, &mut |state| {
            if let Some(f) = f.take() {
                f(state);
            }
        });
    }

    /// Returns whether an initialization has completed.
    #[inline]
    pub fn is_completed(&self) -> bool {
        let done = self.is_done();
        if !done {
            busy();
        }
        done
    }

    /// Returns whether an initialization has completed. For callers that do not poll.
    #[inline]
    pub(super) fn is_done(&self) -> bool {
        // Acquire: pairs with the release in `Running::drop`.
        self.state.load(Ordering::Acquire) == DONE
    }

    /// Blocks until another thread has completed an initialization.
    ///
    /// # Panics
    ///
    /// Panics if the `Once` is poisoned.
    #[track_caller]
    pub fn wait(&self) {
        self.wait_done(false);
    }

    /// Blocks until another thread has completed an initialization, ignoring poisoning.
    pub fn wait_force(&self) {
        self.wait_done(true);
    }

    /// Runs `f` if no initialization has completed. Poisoning is an error if there is a message for it.
    #[cold]
    #[track_caller]
    pub(super) fn call(&self, poisoned: Option<&'static str>, f: &mut dyn FnMut(&OnceState)) {
        let mut waiter = None;
        loop {
            let state = self.state.load(Ordering::Acquire);
            match state & !QUEUED {
                DONE => return,
                POISONED if let Some(message) = poisoned => panic_any(message),
                RUNNING => {
                    let waiter = waiter.get_or_insert_with(|| self.waiter(Until::Ended));
                    wait(waiter);
                }
                before => {
                    // Acquire: a thread that panicked before may have written data.
                    let begun = self.state.compare_exchange_weak(
                        state,
                        RUNNING | state & QUEUED,
                        Ordering::Acquire,
                        Ordering::Relaxed,
                    );
                    if begun.is_err() {
                        continue;
                    }
                    let running = Running {
                        once: self,
                        end: Cell::new(POISONED),
                    };
                    f(&OnceState {
                        poisoned: before == POISONED,
                        not_sync: PhantomData,
                    });
                    running.end.set(DONE);
                    return;
                }
            }
        }
    }

    #[track_caller]
    fn wait_done(&self, force: bool) {
        if self.is_done() {
            return;
        }
        let waiter = self.waiter(if force { Until::Done } else { Until::Tried });
        while !self.is_done() {
            // Relaxed: no data is read that a thread that panicked may have written.
            if !force && self.state.load(Ordering::Relaxed) & !QUEUED == POISONED {
                panic!("Once instance has previously been poisoned");
            }
            wait(&waiter);
        }
    }

    fn waiter(&self, until: Until) -> Waiter<Watching<'_>> {
        let gate = Watching {
            state: &self.state,
            until,
        };
        Waiter::new(self.address(), 0, gate)
    }

    fn address(&self) -> Address {
        Address::of(&self.state)
    }
}

impl fmt::Debug for Once {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Once").finish_non_exhaustive()
    }
}

/// The state passed to the closure of [`Once::call_once_force`].
///
/// # Differences from std
///
/// A separate type with the same API: std's cannot be created outside of std.
pub struct OnceState {
    poisoned: bool,
    not_sync: PhantomData<Cell<()>>,
}

impl OnceState {
    /// Returns whether an earlier initialization panicked.
    #[inline]
    pub fn is_poisoned(&self) -> bool {
        self.poisoned
    }
}

impl fmt::Debug for OnceState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OnceState")
            .field("poisoned", &self.poisoned)
            .finish()
    }
}

/// A running initialization. When dropped it stores the state that it holds.
struct Running<'a> {
    once: &'a Once,
    end: Cell<u32>,
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        if self.end.get() == POISONED && interruption::is_unwinding() {
            // The initialization did not panic, and may be run again.
            self.end.set(NEW);
        }
        // Release: a thread that finds `DONE` sees what the initialization wrote.
        let before = self.once.state.swap(self.end.get(), Ordering::Release);
        if before & QUEUED != 0 {
            parking_lot::with_queue(self.once.address(), |queue| queue.wake_all());
        }
    }
}

/// Blocks for a while; other threads set the state meanwhile.
#[track_caller]
fn wait(waiter: &Waiter<Watching<'_>>) {
    if wait_lock(&Wait::new(waiter, None).located().interruptible()) == Outcome::Interrupted {
        interruption::unwind();
    }
}

/// The condition that a thread waits for.
#[derive(Clone, Copy)]
enum Until {
    /// No thread runs the initialization.
    Ended,
    /// The initialization is complete, or the `Once` is poisoned.
    Tried,
    /// The initialization is complete.
    Done,
}

/// A thread that waits for an initialization.
struct Watching<'a> {
    state: &'a AtomicU32,
    until: Until,
}

impl Gate for Watching<'_> {
    fn validate(&self, _impatient: bool) -> bool {
        let mut state = guess(self.state);
        loop {
            let must_wait = match (self.until, state & !QUEUED) {
                (Until::Ended, state) => state == RUNNING,
                (Until::Tried, state) => state == RUNNING || state == NEW,
                (Until::Done, state) => state != DONE,
            };
            if !must_wait {
                return false;
            }
            // Relaxed: nothing is published; the queue's lock orders it against `Running::drop`.
            match self.state.compare_exchange_weak(
                state,
                state | QUEUED,
                Ordering::Relaxed,
                Ordering::Relaxed,
            ) {
                Ok(_) => return true,
                Err(now) => state = now,
            }
        }
    }

    fn reason(&self) -> Reason {
        Reason::new(Kind::Once, self.state)
    }
}
