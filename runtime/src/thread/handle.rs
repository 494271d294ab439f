//! The handle to a thread, and its identifier.
#![allow(unsafe_code)]

use std::fmt;
use std::num::NonZeroU64;
use std::sync::Arc;

use super::park;
use crate::seam::context;
use crate::thread_state::identity::Identity;

/// A handle to a thread, native or green.
///
/// # Differences from std
///
/// It is not the type `std::thread::Thread`. `std::thread::Thread::unpark` does not wake a thread that is blocked in
/// greenpatch's [`park()`](super::park()).
///
/// # Examples
///
/// ```
/// use greenpatch::thread;
///
/// let handle = thread::Builder::new().name("worker".into()).spawn(|| ()).unwrap();
/// assert_eq!(handle.thread().name(), Some("worker"));
/// handle.join().unwrap();
/// ```
#[derive(Clone)]
#[repr(transparent)]
pub struct Thread {
    identity: Arc<Identity>,
}

/// A unique identifier of a thread, native or green. It is never reused within the process.
///
/// # Differences from std
///
/// It is not the type `std::thread::ThreadId`. The identifiers of native threads differ from std's, except that of the
/// main thread.
///
/// # Examples
///
/// ```
/// use greenpatch::thread;
///
/// let other = thread::spawn(|| thread::current().id()).join().unwrap();
/// assert_ne!(other, thread::current().id());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ThreadId(NonZeroU64);

/// Returns a handle to the current thread, native or green.
///
/// # Examples
///
/// ```
/// let me = greenpatch::thread::current();
/// assert_eq!(me.id(), greenpatch::thread::current().id());
/// ```
#[must_use]
pub fn current() -> Thread {
    Thread {
        identity: context::identity(),
    }
}

impl Thread {
    /// Converts a reference to an identity into a handle.
    pub(super) fn of(identity: &Arc<Identity>) -> &Self {
        // SAFETY: `Thread` is a transparent wrapper of an `Arc<Identity>`, without further invariants.
        unsafe { &*std::ptr::from_ref(identity).cast::<Thread>() }
    }

    /// Makes the thread's token available: its current [`park()`](super::park()), or else its next one, returns.
    ///
    /// # Examples
    ///
    /// ```
    /// use greenpatch::thread;
    ///
    /// let parked = thread::spawn(thread::park);
    /// parked.thread().unpark();
    /// parked.join().unwrap();
    /// ```
    #[inline]
    pub fn unpark(&self) {
        park::unpark(&self.identity);
    }

    /// Returns the thread's unique identifier.
    #[must_use]
    pub fn id(&self) -> ThreadId {
        ThreadId(self.identity.id)
    }

    /// Returns the thread's name, if it has one. The main thread is named `main`.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.identity.name.as_deref()
    }
}

impl fmt::Debug for Thread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Thread")
            .field("id", &self.id())
            .field("name", &self.name())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for ThreadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ThreadId").field(&self.0).finish()
    }
}
