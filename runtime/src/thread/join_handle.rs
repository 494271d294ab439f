//! `JoinHandle`.
#![allow(unsafe_code)]

use std::fmt;
use std::os::unix::thread::{JoinHandleExt, RawPthread};

use super::{Result, Thread};
use crate::seam::busy::busy;
use crate::seam::thread::{self as seam, Started};
use crate::thread_state::shared::Joiner;

/// A handle that joins a thread, native or green; dropping it detaches the thread.
///
/// # Differences from std
///
/// It is not the type `std::thread::JoinHandle`. A green thread has no pthread of its own: `JoinHandleExt` gives
/// that of the OS thread on which it runs, with all others there. That one is not to be joined, detached or
/// cancelled.
///
/// # Examples
///
/// ```
/// use greenpatch::thread;
///
/// let handle: thread::JoinHandle<u8> = thread::spawn(|| 3);
/// assert_eq!(handle.join().unwrap(), 3);
/// ```
pub struct JoinHandle<T>(Joined<T>);

/// What a join handle of either kind holds.
pub(super) struct Joined<T> {
    pub(super) started: Started,
    pub(super) joiner: Joiner<T>,
}

// SAFETY: a handle is made by a spawn alone, which has `T: Send`; a handle that is shared gives no
// access to the `T`, and one that is sent takes it along.
unsafe impl<T> Send for JoinHandle<T> {}
// SAFETY: as above.
unsafe impl<T> Sync for JoinHandle<T> {}

impl<T> JoinHandle<T> {
    pub(super) fn new(joined: Joined<T>) -> Self {
        JoinHandle(joined)
    }

    /// Returns the handle to the thread.
    #[must_use]
    pub fn thread(&self) -> &Thread {
        self.0.thread()
    }

    /// Waits for the thread to end and returns its result; if it panicked, the panic's payload.
    ///
    /// Native and green threads can join each other.
    ///
    /// # Errors
    ///
    /// The payload of the panic that ended the thread.
    ///
    /// # Examples
    ///
    /// ```
    /// use greenpatch::thread;
    ///
    /// let handle = thread::spawn(|| std::panic::resume_unwind(Box::new(7_u8)));
    /// assert_eq!(*handle.join().unwrap_err().downcast::<u8>().unwrap(), 7);
    /// ```
    pub fn join(self) -> Result<T> {
        self.0.join()
    }

    /// Says whether the thread has run to its end.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.0.is_finished()
    }
}

impl<T> JoinHandleExt for JoinHandle<T> {
    /// Returns the pthread of a native thread; of a green one, that of the OS thread on which it runs.
    fn as_pthread_t(&self) -> RawPthread {
        match &self.0.started {
            Started::Native(native) => native.as_pthread_t(),
            Started::Green(os_thread) => *os_thread,
        }
    }

    /// The same, and gives up the handle. A native thread is then the caller's to join or to detach; a green one is
    /// detached.
    fn into_pthread_t(self) -> RawPthread {
        match self.0.started {
            Started::Native(native) => native.into_pthread_t(),
            Started::Green(os_thread) => os_thread,
        }
    }
}

impl<T> Joined<T> {
    pub(super) fn thread(&self) -> &Thread {
        Thread::of(self.joiner.lazy_identity().identity())
    }

    pub(super) fn join(self) -> Result<T> {
        let Joined { started, joiner } = self;
        joiner.join(seam::join, || {
            if let Started::Native(native) = started {
                seam::join_native(*native);
            }
        })
    }

    pub(super) fn is_finished(&self) -> bool {
        let finished = self.joiner.is_done();
        if !finished {
            busy();
        }
        finished
    }
}

impl<T> fmt::Debug for JoinHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinHandle").finish_non_exhaustive()
    }
}
