//! The atomics and the native mutex that everything else is built on: std's, or loom's in a model.
//!
//! `cfg(loom)` is known here, in models, and in `lib.rs`, `prelude.rs`, `patch/table/slot_words.rs`, `seam/busy.rs`,
//! `descriptor/mod.rs`, `thread_state/join_state.rs`, `wait/native.rs`, `wait/parking_lot.rs`, `wait/stack_page.rs`, `sync/mod.rs`,
//! `sync/once.rs`, `sync/mpsc/unbounded.rs`, `wait/mod.rs`, `wait/blocked.rs`, `wait/sleepers.rs`, `wait/sleepers/lock.rs`,
//! `inspect/os_threads.rs`, `hub/inbox.rs`, `hub/schedule.rs`.
//!
//! The native mutex protects queues, and is held for a few instructions at a time. It is never held across a
//! switch, across user code or while a thread is woken, so it may block the OS thread.

#[cfg(not(loom))]
mod imp {
    pub(crate) use ::std::hint::spin_loop;
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    pub(crate) use ::std::sync::Condvar;
    pub(crate) use ::std::sync::atomic::{
        AtomicBool, AtomicPtr, AtomicU32, AtomicUsize, Ordering, fence,
    };
    pub(crate) use ::std::sync::{Mutex, MutexGuard};
    pub(crate) use ::std::thread::yield_now;

    /// A cell that reports its accesses to a model.
    pub(crate) struct UnsafeCell<T>(::std::cell::UnsafeCell<T>);

    impl<T> UnsafeCell<T> {
        #[inline]
        pub(crate) const fn new(value: T) -> UnsafeCell<T> {
            UnsafeCell(::std::cell::UnsafeCell::new(value))
        }

        /// Calls `f` with a pointer to read the cell.
        #[inline]
        pub(crate) fn with<R>(&self, f: impl FnOnce(*const T) -> R) -> R {
            f(self.0.get())
        }

        /// Calls `f` with a pointer to write the cell.
        #[inline]
        pub(crate) fn with_mut<R>(&self, f: impl FnOnce(*mut T) -> R) -> R {
            f(self.0.get())
        }
    }
}

#[cfg(loom)]
mod imp {
    pub(crate) use loom::cell::UnsafeCell;
    pub(crate) use loom::hint::spin_loop;
    pub(crate) use loom::sync::atomic::{
        AtomicBool, AtomicPtr, AtomicU32, AtomicUsize, Ordering, fence,
    };
    pub(crate) use loom::sync::{Condvar, Mutex, MutexGuard};
    pub(crate) use loom::thread::yield_now;
}

pub(crate) use imp::*;

use ::std::sync::PoisonError;

/// Returns a value to start a loop of compare-and-swaps with, or to read bits that the caller alone changes. Relaxed: only the
/// compare-and-swap decides, or the caller has written the bits.
#[inline]
pub(crate) fn guess(word: &AtomicU32) -> u32 {
    if cfg!(loom) {
        // The newest value: on some older ones an assertion within loom 0.7 fails.
        let never = u32::MAX;
        let found = word.compare_exchange(never, never, Ordering::Relaxed, Ordering::Relaxed);
        return found.unwrap_or_else(|found| found);
    }
    word.load(Ordering::Relaxed)
}

/// Locks the native mutex, ignoring poisoning: only a failed allocation can panic while it is held, and that leaves the
/// data consistent.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits for another OS thread that is a few instructions away from completing an operation.
pub(crate) struct Backoff(u32);

impl Backoff {
    /// The number of times that the number of spins doubles. After that the OS thread yields.
    const DOUBLINGS: u32 = 6;

    pub(crate) fn new() -> Backoff {
        Backoff(0)
    }

    /// Waits for a short time, longer than the previous time.
    #[cfg_attr(
        not(loom),
        expect(
            clippy::disallowed_methods,
            reason = "the operation that this waits for has begun on another OS thread"
        )
    )]
    pub(crate) fn snooze(&mut self) {
        if cfg!(loom) || self.0 > Backoff::DOUBLINGS {
            yield_now();
        } else {
            for _ in 0..1 << self.0 {
                spin_loop();
            }
            self.0 += 1;
        }
    }
}

/// Declares a constructor that is `const` except in a loom model: loom's atomics have no `const` constructors.
macro_rules! const_unless_loom {
    ($(#[$meta:meta])* $vis:vis fn $name:ident($($arg:ident: $type:ty),*) -> $ret:ty $body:block) => {
        #[cfg(not(loom))]
        $(#[$meta])*
        $vis const fn $name($($arg: $type),*) -> $ret $body

        #[cfg(loom)]
        $(#[$meta])*
        $vis fn $name($($arg: $type),*) -> $ret $body
    };
}
pub(crate) use const_unless_loom;
