//! What may end the waits of one thread early: its cancellation, and the time-outs that it is in.
//!
//! Both are delivered to the thread in a wait that would block, and nowhere else: the wait ends as
//! [`Outcome::Interrupted`](crate::wait::park::Outcome::Interrupted), and its caller unwinds. A thread that was cancelled
//! unwinds from each such wait, also after code of a user's has caught that once.
//!
//! One byte says whether there is anything of the kind, which is all that the waits of other threads look at.
#![forbid(unsafe_code)]

use ::std::cell::Cell;
use ::std::num::NonZeroU64;
use ::std::time::Instant;

use crate::wait::payload::Elapsed;

/// What may end the waits of one thread early. It is accessed on that thread's OS thread alone.
pub(crate) struct Interrupts {
    mode: Cell<Mode>,
    /// The number of shields that the thread is in.
    shields: Cell<u32>,
    /// None unless the mode is `Active`.
    state: Cell<Option<Box<State>>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// Nothing ends a wait early.
    Quiet,
    /// Something may.
    Active,
    /// Nothing does any more: the thread's closure has returned.
    Closed,
}

#[derive(Default)]
struct State {
    is_cancelled: bool,
    /// The time-outs that the thread is in, the outermost first.
    timeouts: Vec<Timeout>,
    /// Whether the thread has begun to unwind for one of these, and is not known to have stopped.
    is_unwinding: bool,
    /// Whether the cancellation was delivered before.
    was_delivered: bool,
}

struct Timeout {
    token: NonZeroU64,
    /// None if the clock cannot represent it.
    deadline: Option<Instant>,
    /// The number of shields around it.
    shields: u32,
}

/// What ends the next wait of a thread early.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Next {
    Nothing,
    /// A time-out, at this time.
    At(Instant),
    /// It ends at once.
    Now(Due),
}

/// What a wait ends for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Due {
    /// The thread was cancelled; `again` if that was delivered before.
    Cancelled {
        again: bool,
    },
    Elapsed(Elapsed),
}

impl Interrupts {
    /// Those of a thread in no time-out.
    #[inline]
    pub(crate) const fn new() -> Interrupts {
        Interrupts {
            mode: Cell::new(Mode::Quiet),
            shields: Cell::new(0),
            state: Cell::new(None),
        }
    }

    /// Returns whether something may end a wait early.
    #[inline]
    pub(crate) fn are_active(&self) -> bool {
        self.mode.get() == Mode::Active
    }

    /// Returns what ends a wait early that begins or lasts now. The thread does not unwind.
    #[cold]
    pub(crate) fn next(&self) -> Next {
        if !self.are_active() {
            return Next::Nothing;
        }
        self.with(|state, shields| {
            state.is_unwinding = false;
            if state.is_cancelled && shields == 0 {
                return Next::Now(Due::Cancelled {
                    again: state.was_delivered,
                });
            }
            let effective = state.timeouts.iter().filter(|it| it.shields == shields);
            let timed = effective.filter_map(|it| Some((it.deadline?, it.token)));
            let Some(next) = timed.clone().map(|(deadline, _)| deadline).min() else {
                return Next::Nothing;
            };
            let now = Instant::now();
            if now < next {
                return Next::At(next);
            }
            // Of several that have elapsed, the outermost: unwinding to it ends the others.
            let mut elapsed = timed.filter(|(deadline, _)| *deadline <= now);
            let (_, token) = elapsed.next().expect("the earliest has elapsed");
            Next::Now(Due::Elapsed(Elapsed { token }))
        })
    }

    /// Cancels the thread, unless its closure has returned.
    pub(crate) fn cancel(&self) {
        if self.mode.get() != Mode::Closed {
            self.with(|state, _| state.is_cancelled = true);
        }
    }

    /// Enters a time-out.
    pub(crate) fn enter(&self, token: NonZeroU64, deadline: Option<Instant>) {
        if self.mode.get() != Mode::Closed {
            self.with(|state, shields| {
                state.timeouts.push(Timeout {
                    token,
                    deadline,
                    shields,
                });
            });
        }
    }

    /// Leaves the innermost time-out, which has this token.
    pub(crate) fn leave(&self, token: NonZeroU64) {
        if self.are_active() {
            self.with(|state, _| {
                let last = state.timeouts.pop_if(|last| last.token == token);
                debug_assert!(last.is_some(), "time-outs are left in the reverse order");
            });
        }
    }

    /// Enters a shield: what is outside of it ends no wait until it is left.
    pub(crate) fn enter_shield(&self) {
        self.shields.update(|shields| shields + 1);
    }

    /// Leaves a shield.
    pub(crate) fn leave_shield(&self) {
        self.shields.update(|shields| shields - 1);
    }

    /// Notes that the thread unwinds for one of these.
    pub(crate) fn begin_to_unwind(&self, due: Option<Due>) {
        if self.are_active() {
            self.with(|state, _| {
                state.is_unwinding = true;
                state.was_delivered |= matches!(due, Some(Due::Cancelled { .. }));
            });
        }
    }

    /// Notes that the thread does not unwind for one of these: it has caught that, or panics.
    pub(crate) fn end_unwinding(&self) {
        if self.are_active() {
            self.with(|state, _| state.is_unwinding = false);
        }
    }

    /// Returns whether the thread, which is unwinding, does so for one of these.
    pub(crate) fn is_unwinding(&self) -> bool {
        self.are_active() && self.with(|state, _| state.is_unwinding)
    }

    /// Notes that the thread's closure has returned: what is left of the thread is not interrupted.
    #[inline]
    pub(crate) fn close(&self) {
        if self.are_active() {
            self.forget();
        }
        self.mode.set(Mode::Closed);
    }

    #[cold]
    fn forget(&self) {
        drop(self.state.take());
    }

    /// Calls `f` with the state and the number of shields. What is then left decides whether there may be interrupts.
    fn with<R>(&self, f: impl FnOnce(&mut State, u32) -> R) -> R {
        let mut state = self.state.take().unwrap_or_default();
        let result = f(&mut state, self.shields.get());
        if state.is_cancelled || state.is_unwinding || !state.timeouts.is_empty() {
            self.mode.set(Mode::Active);
            self.state.set(Some(state));
        } else {
            self.mode.set(Mode::Quiet);
        }
        result
    }
}

#[cfg(all(test, loom))]
pub(crate) mod models;

#[cfg(all(test, not(loom)))]
mod tests {
    use ::std::time::Duration;

    use super::*;

    fn token(number: u64) -> NonZeroU64 {
        NonZeroU64::new(number).unwrap()
    }

    fn elapsed(number: u64) -> Next {
        Next::Now(Due::Elapsed(Elapsed {
            token: token(number),
        }))
    }

    #[test]
    fn nothing_is_kept_after_the_last_timeout() {
        let interrupts = Interrupts::new();
        assert!(!interrupts.are_active());
        interrupts.enter(token(1), None);
        assert!(interrupts.are_active());
        assert_eq!(interrupts.next(), Next::Nothing);
        interrupts.leave(token(1));
        assert!(!interrupts.are_active());
    }

    #[test]
    fn the_outermost_timeout_that_has_elapsed_is_due() {
        let interrupts = Interrupts::new();
        let now = Instant::now();
        let later = now.checked_add(Duration::from_secs(1000));
        interrupts.enter(token(1), later);
        assert_eq!(interrupts.next(), Next::At(later.unwrap()));
        interrupts.enter(token(2), Some(now));
        interrupts.enter(token(3), Some(now));
        assert_eq!(interrupts.next(), elapsed(2));
        interrupts.leave(token(3));
        interrupts.leave(token(2));
        assert_eq!(interrupts.next(), Next::At(later.unwrap()));
    }

    #[test]
    fn a_shield_hides_what_is_outside_of_it() {
        let interrupts = Interrupts::new();
        let now = Instant::now();
        interrupts.cancel();
        interrupts.enter(token(1), Some(now));
        interrupts.enter_shield();
        assert_eq!(interrupts.next(), Next::Nothing);
        interrupts.enter(token(2), Some(now));
        assert_eq!(interrupts.next(), elapsed(2));
        interrupts.leave(token(2));
        interrupts.leave_shield();
        let due = Due::Cancelled { again: false };
        assert_eq!(interrupts.next(), Next::Now(due));
        interrupts.begin_to_unwind(Some(due));
        assert!(interrupts.is_unwinding());
        assert_eq!(interrupts.next(), Next::Now(Due::Cancelled { again: true }));
        assert!(!interrupts.is_unwinding());
    }

    #[test]
    fn a_thread_that_has_ended_is_not_interrupted() {
        let interrupts = Interrupts::new();
        interrupts.cancel();
        interrupts.close();
        interrupts.cancel();
        interrupts.enter(token(1), Some(Instant::now()));
        assert_eq!(interrupts.next(), Next::Nothing);
        interrupts.leave(token(1));
        assert!(!interrupts.is_unwinding());
    }
}
