//! `Thread`, `ThreadId` and `current`.
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
/// It is not the type `std::thread::Thread`, and `std::thread::Thread::unpark` does not wake what
/// greenpatch's [`park()`](super::park()) blocks.
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

/// A number that no other thread of the process, native or green, has or has had.
///
/// # Differences from std
///
/// It is not the type `std::thread::ThreadId`. Native threads have other numbers here than in std,
/// but for the main thread, which has the same.
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

/// Returns a handle to the thread, native or green, that calls it.
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
    /// The handle that an identity is.
    pub(super) fn of(identity: &Arc<Identity>) -> &Self {
        // SAFETY: `Thread` is a transparent wrapper of an `Arc<Identity>`, and has no invariant of its own.
        unsafe { &*std::ptr::from_ref(identity).cast::<Thread>() }
    }

    /// Lets the thread's next [`park()`](super::park()), or the one it is in, return.
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

    /// Returns the thread's number.
    #[must_use]
    pub fn id(&self) -> ThreadId {
        ThreadId(self.identity.id)
    }

    /// Returns the thread's name, if it was given one; the main thread is called `main`.
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
