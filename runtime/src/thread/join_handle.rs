//! The handle of a thread that can be joined.
#![allow(unsafe_code)]

use std::fmt;
use std::os::unix::thread::{JoinHandleExt, RawPthread};
use std::ptr::NonNull;

use super::{Result, Thread};
use crate::interruption;
use crate::seam::busy::busy;
use crate::seam::interrupt;
use crate::seam::thread::{self as seam, Started};
use crate::thread_state::os_thread::this_pthread;
use crate::thread_state::shared::Joiner;

/// A handle that joins a thread, native or green. Dropping it detaches the thread.
///
/// # Differences from std
///
/// It is not the type `std::thread::JoinHandle`. For a green thread `JoinHandleExt` returns the pthread of the OS thread
/// that runs it, which it shares with other green threads. That pthread must not be joined, detached or cancelled.
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

/// The content of a [`JoinHandle`] and of a `ScopedJoinHandle`.
pub(super) struct Joined<T> {
    pub(super) started: Started,
    pub(super) joiner: Joiner<T>,
}

// SAFETY: a handle is created only by a spawn, which requires `T: Send`, so the `T` may be sent with the handle. A shared
// handle gives no access to it.
unsafe impl<T> Send for JoinHandle<T> {}
// SAFETY: as above.
unsafe impl<T> Sync for JoinHandle<T> {}

impl<T> JoinHandle<T> {
    pub(super) fn new(joined: Joined<T>) -> Self {
        JoinHandle(joined)
    }

    /// Returns a handle to the underlying thread.
    #[must_use]
    pub fn thread(&self) -> &Thread {
        self.0.thread()
    }

    /// Waits for the thread to finish and returns its result.
    ///
    /// Native and green threads can join each other.
    ///
    /// # Errors
    ///
    /// Returns the payload of the panic if the thread panicked.
    ///
    /// # Examples
    ///
    /// ```
    /// use greenpatch::thread;
    ///
    /// let handle = thread::spawn(|| std::panic::resume_unwind(Box::new(7_u8)));
    /// assert_eq!(*handle.join().unwrap_err().downcast::<u8>().unwrap(), 7);
    /// ```
    #[track_caller]
    pub fn join(self) -> Result<T> {
        self.0.join()
    }

    /// Cancels the thread, see [`Cancel`](crate::Cancel).
    pub(crate) fn cancel(&self) -> bool {
        self.0.cancel()
    }

    /// Returns whether the thread has finished running.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.0.is_finished()
    }
}

impl<T> JoinHandleExt for JoinHandle<T> {
    /// Returns the pthread of a native thread, or that of the OS thread that runs a green thread. Before a green thread has
    /// begun, it is the one that it is to begin on; with several workers another one may take it over.
    fn as_pthread_t(&self) -> RawPthread {
        match &self.0.started {
            Started::Native(native) => native.as_pthread_t(),
            Started::Green {
                os_thread,
                elsewhere,
            } => self.0.os_thread(*os_thread, *elsewhere),
        }
    }

    /// Consumes the handle and returns the pthread. The caller then has to join or detach a native thread. A green thread is
    /// detached.
    fn into_pthread_t(self) -> RawPthread {
        let pthread = self.as_pthread_t();
        match self.0.started {
            Started::Native(native) => native.into_pthread_t(),
            Started::Green { .. } => pthread,
        }
    }
}

impl<T> Joined<T> {
    /// Returns the OS thread of a green thread that is to begin on `os_thread`, or on another one.
    fn os_thread(
        &self,
        os_thread: RawPthread,
        elsewhere: Option<fn(NonNull<()>) -> RawPthread>,
    ) -> RawPthread {
        match (elsewhere, self.joiner.lazy_identity().place()) {
            (Some(os_thread_of), Some(place)) => os_thread_of(place),
            _ => os_thread,
        }
    }

    pub(super) fn thread(&self) -> &Thread {
        Thread::of(self.joiner.lazy_identity().identity())
    }

    #[inline]
    #[track_caller]
    pub(super) fn join(self) -> Result<T> {
        if matches!(self.started, Started::Green { .. }) && self.joiner.is_done() {
            return self.joiner.into_result();
        }
        self.wait()
    }

    /// Does the same for a thread that has not ended.
    #[inline(never)]
    #[track_caller]
    fn wait(self) -> Result<T> {
        let Joined { started, joiner } = self;
        let joined = match started {
            Started::Green {
                os_thread,
                elsewhere,
            } => {
                let is_near = || elsewhere.is_none() && os_thread == this_pthread();
                // SAFETY: a green thread ends on the OS thread that it has begun on.
                unsafe { joiner.join(seam::join, is_near, || ()) }
            }
            Started::Native(native) => {
                // SAFETY: it is not near.
                unsafe { joiner.join(seam::join, || false, || seam::join_native(*native)) }
            }
        };
        match joined {
            Some(result) => result,
            None => interruption::unwind(),
        }
    }

    /// Cancels the thread. Returns false if that is not possible, or if the thread has ended.
    pub(super) fn cancel(&self) -> bool {
        match &self.started {
            Started::Native(_) => false,
            Started::Green { .. } => {
                !self.joiner.is_done() && interrupt::cancel(self.joiner.lazy_identity())
            }
        }
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
