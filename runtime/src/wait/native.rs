//! The parker of native threads: a token for each OS thread.
//!
//! It is separate from the token of `std::thread::park`, which is reserved for the user.
//!
//! Invariant:
//! 1. A waker owns an `Arc` of the parker, so the futex word outlives each call on it.
#![allow(unsafe_code)]

use ::std::sync::Arc;
use ::std::task::{Wake, Waker};
use ::std::time::Instant;

use crate::wait::park::Park;

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
        self.0.token.take(deadline);
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
    use ::std::ptr;
    use ::std::sync::atomic::{AtomicU32, Ordering};
    use ::std::time::Instant;

    use crate::boundary;

    /// There is no token, and the thread does not block.
    const EMPTY: u32 = 0;
    /// There is a token.
    const GIVEN: u32 = 1;
    /// There is no token, and the thread blocks or is about to block.
    const BLOCKED: u32 = 2;

    pub(super) struct Token(AtomicU32);

    impl Token {
        pub(super) fn new() -> Token {
            Token(AtomicU32::new(EMPTY))
        }

        pub(super) fn take(&self, deadline: Option<Instant>) {
            // There is no spinning here: as measured, it made waits twice as long on a busy machine.
            // Acquire, as below: pairs with the release in `give`.
            let blocked =
                self.0
                    .compare_exchange(EMPTY, BLOCKED, Ordering::Acquire, Ordering::Relaxed);
            if blocked.is_ok() {
                wait(&self.0, BLOCKED, deadline);
            }
            // The token is taken if there is one, regardless of how the wait ended.
            self.0.swap(EMPTY, Ordering::Acquire);
        }

        pub(super) fn give(&self) {
            // Release: the thread that takes the token sees everything that was done before.
            if self.0.swap(GIVEN, Ordering::Release) == BLOCKED {
                wake(&self.0);
            }
        }
    }

    /// Blocks if the word is `value`. Returns when woken, at the deadline, or spuriously.
    fn wait(word: &AtomicU32, value: u32, deadline: Option<Instant>) {
        let timeout = match deadline {
            None => None,
            Some(deadline) => {
                let left = deadline.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    return;
                }
                let mut timeout = libc::timespec {
                    // A longer time is shortened to what fits; the caller's loop then waits again.
                    tv_sec: left.as_secs().min(i32::MAX as u64) as _,
                    tv_nsec: 0,
                };
                timeout.tv_nsec = left.subsec_nanos() as _;
                Some(timeout)
            }
        };
        let timeout = timeout.as_ref().map_or(ptr::null(), ptr::from_ref);
        let _inside = boundary::enter();
        // SAFETY: the word and the timeout outlive the call.
        unsafe {
            libc::syscall(
                libc::SYS_futex,
                word.as_ptr(),
                libc::FUTEX_WAIT | libc::FUTEX_PRIVATE_FLAG,
                value,
                timeout,
            )
        };
    }

    fn wake(word: &AtomicU32) {
        let _inside = boundary::enter();
        // SAFETY: by invariant 1 the word outlives the call.
        unsafe {
            libc::syscall(
                libc::SYS_futex,
                word.as_ptr(),
                libc::FUTEX_WAKE | libc::FUTEX_PRIVATE_FLAG,
                1,
            )
        };
    }
}

/// A token behind a mutex, with a condition variable.
#[cfg(not(all(any(target_os = "linux", target_os = "android"), not(loom))))]
mod portable {
    use ::std::sync::PoisonError;
    use ::std::time::Instant;

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

        pub(super) fn take(&self, deadline: Option<Instant>) {
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
