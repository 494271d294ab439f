//! How a native thread blocks: on a token, one for each OS thread.
//!
//! It is not the token of `std::thread::park`, which belongs to the user.
//!
//! Invariant:
//! 1. A waker holds the parker by its `Arc`, so the word of the futex outlives the call.
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

    /// Returns the parker of the calling OS thread. Once the thread's destructors have run, and in a loom model, each call
    /// creates a new one.
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
    // A wakeup takes tens of microseconds, in which a contended lock changes hands many times.
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

/// The token as a word, with Linux's futex.
#[cfg(all(any(target_os = "linux", target_os = "android"), not(loom)))]
mod futex {
    use ::std::ptr;
    use ::std::sync::atomic::{AtomicU32, Ordering};
    use ::std::time::Instant;

    /// No token, and the thread does not block.
    const EMPTY: u32 = 0;
    /// A token is there.
    const GIVEN: u32 = 1;
    /// No token, and the thread blocks or is about to.
    const BLOCKED: u32 = 2;

    pub(super) struct Token(AtomicU32);

    impl Token {
        pub(super) fn new() -> Token {
            Token(AtomicU32::new(EMPTY))
        }

        pub(super) fn take(&self, deadline: Option<Instant>) {
            // No spinning before blocking: as measured, that made waits twice as long on a busy machine.
            // Acquire, as below: pairs with the release in `give`.
            let blocked =
                self.0
                    .compare_exchange(EMPTY, BLOCKED, Ordering::Acquire, Ordering::Relaxed);
            if blocked.is_ok() {
                wait(&self.0, BLOCKED, deadline);
            }
            // A token is taken if there is one, however the wait has ended.
            self.0.swap(EMPTY, Ordering::Acquire);
        }

        pub(super) fn give(&self) {
            // Release: what was done before is visible to the thread that takes the token.
            if self.0.swap(GIVEN, Ordering::Release) == BLOCKED {
                wake(&self.0);
            }
        }
    }

    /// Blocks while the word is `value`. Returns when woken, at the deadline, or spuriously.
    fn wait(word: &AtomicU32, value: u32, deadline: Option<Instant>) {
        let timeout = match deadline {
            None => None,
            Some(deadline) => {
                let left = deadline.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    return;
                }
                let mut timeout = libc::timespec {
                    // A time that does not fit is shortened; the caller waits again in its loop.
                    tv_sec: left.as_secs().min(i32::MAX as u64) as libc::time_t,
                    tv_nsec: 0,
                };
                timeout.tv_nsec = left.subsec_nanos() as _;
                Some(timeout)
            }
        };
        let timeout = timeout.as_ref().map_or(ptr::null(), ptr::from_ref);
        // SAFETY: the word and the time outlive the call.
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

/// The token under a lock, with a condition variable.
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
