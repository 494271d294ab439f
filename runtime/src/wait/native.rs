//! The parker of native threads: a token for each OS thread.
//!
//! It is separate from the token of `std::thread::park`, which is reserved for the user.
//!
//! A waker owns an `Arc` of the parker, so the entry that has the token is not used for another OS thread before.
#![forbid(unsafe_code)]

use ::std::num::NonZeroU64;
use ::std::sync::Arc;
use ::std::task::{Wake, Waker};
use ::std::time::Instant;

use crate::wait::park::{self, Outcome, Park, Wait};

::std::thread_local! {
    static PARKER: Native = Native::new();
}

/// The parker of an OS thread.
pub(crate) struct Native(Arc<NativeParker>);

impl Native {
    fn new() -> Native {
        Native(Arc::new(NativeParker {
            token: Token::new(),
        }))
    }

    /// Returns the parker of the calling OS thread. After the thread-local destructors have run, and in a loom model, each
    /// call creates a new parker.
    pub(crate) fn current() -> Native {
        if cfg!(loom) {
            return Native::new();
        }
        PARKER
            .try_with(|parker| Native(Arc::clone(&parker.0)))
            .unwrap_or_else(|_| Native::new())
    }
}

impl Park for Native {
    // A wakeup takes tens of microseconds. In that time a contended lock is acquired many times.
    const PATIENCE: u32 = if cfg!(loom) { 1 } else { 16 };

    fn waker(&self) -> Waker {
        Waker::from(Arc::clone(&self.0))
    }

    fn park(&self, deadline: Option<Instant>) {
        self.0.token.take(deadline, None);
    }
}

/// Blocks the calling OS thread until `wait` has ended, and lets reports see what it waits for. `number` returns its number as a
/// thread.
pub(crate) fn block(wait: &Wait<'_>, number: fn() -> NonZeroU64) -> Outcome {
    let parker = Reported {
        native: Native::current(),
        known: Known { wait, number },
    };
    park::wait(&parker, wait)
}

/// What reports can see of a wait.
#[cfg_attr(
    not(all(any(target_os = "linux", target_os = "android"), not(loom))),
    allow(dead_code, reason = "other systems do not list their OS threads")
)]
struct Known<'a> {
    wait: &'a Wait<'a>,
    number: fn() -> NonZeroU64,
}

/// The parker of an OS thread whose wait is reported.
struct Reported<'a> {
    native: Native,
    known: Known<'a>,
}

impl Park for Reported<'_> {
    const PATIENCE: u32 = Native::PATIENCE;

    fn waker(&self) -> Waker {
        self.native.waker()
    }

    fn park(&self, deadline: Option<Instant>) {
        self.native.0.token.take(deadline, Some(&self.known));
    }
}

/// The token, shared with the thread's wakers.
pub(crate) struct NativeParker {
    token: Token,
}

impl Wake for NativeParker {
    fn wake(self: Arc<Self>) {
        self.token.give();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.token.give();
    }
}

#[cfg(all(any(target_os = "linux", target_os = "android"), not(loom)))]
use futex::Token;
#[cfg(not(all(any(target_os = "linux", target_os = "android"), not(loom))))]
use portable::Token;

/// A token in one word, by Linux's futex.
#[cfg(all(any(target_os = "linux", target_os = "android"), not(loom)))]
mod futex {
    use ::std::time::Instant;

    use super::Known;
    use crate::wait::blocked::BLOCKED;
    use crate::wait::futex::{wait, wake};
    use crate::wait::os_waiters::{self, OsWaiter};

    /// The token of an OS thread, which is in the entry that it has for reports.
    pub(super) struct Token(&'static OsWaiter);

    impl Drop for Token {
        fn drop(&mut self) {
            self.0.release();
        }
    }

    impl Token {
        pub(super) fn new() -> Token {
            Token(os_waiters::claim())
        }

        /// Takes the token, once there is one or the deadline has passed.
        pub(super) fn take(&self, deadline: Option<Instant>, known: Option<&Known<'_>>) {
            let blocked = self.0.blocked();
            // There is no spinning here: as measured, it made waits twice as long on a busy machine.
            if blocked.may_block() {
                let block = || wait(blocked.token(), BLOCKED, deadline);
                match known {
                    Some(known) if deadline.is_none() => {
                        self.0.during(known.wait, known.number, block);
                    }
                    _ => block(),
                }
            }
            // The token is taken if there is one, regardless of how the wait ended.
            blocked.take();
        }

        pub(super) fn give(&self) {
            let blocked = self.0.blocked();
            if blocked.give() {
                wake(blocked.token());
            }
        }
    }
}

/// A token behind a mutex, with a condition variable.
#[cfg(not(all(any(target_os = "linux", target_os = "android"), not(loom))))]
mod portable {
    use ::std::sync::PoisonError;
    use ::std::time::Instant;

    use super::Known;
    use crate::wait::atomic::{Condvar, Mutex, lock};

    pub(super) struct Token {
        given: Mutex<bool>,
        condition: Condvar,
    }

    impl Token {
        pub(super) fn new() -> Token {
            Token {
                given: Mutex::new(false),
                condition: Condvar::new(),
            }
        }

        pub(super) fn take(&self, deadline: Option<Instant>, _: Option<&Known<'_>>) {
            let mut given = lock(&self.given);
            while !*given {
                given = match deadline {
                    None => self
                        .condition
                        .wait(given)
                        .unwrap_or_else(PoisonError::into_inner),
                    Some(deadline) => {
                        let left = deadline.saturating_duration_since(Instant::now());
                        if left.is_zero() {
                            return;
                        }
                        self.condition
                            .wait_timeout(given, left)
                            .unwrap_or_else(PoisonError::into_inner)
                            .0
                    }
                };
            }
            *given = false;
        }

        pub(super) fn give(&self) {
            *lock(&self.given) = true;
            self.condition.notify_one();
        }
    }
}
