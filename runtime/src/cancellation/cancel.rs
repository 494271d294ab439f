//! [`Cancel`], for the handles of threads.
#![forbid(unsafe_code)]

use crate::thread::{JoinHandle, ScopedJoinHandle};

/// Cancels the thread of a join handle.
///
/// It is a trait, and not a method of the handle, so that code which has to run on std as well cannot call it by accident.
pub trait Cancel: sealed::Sealed {
    /// Cancels the thread: in its current wait, or else in its next one that would block, it unwinds with the payload
    /// [`Cancelled`](crate::Cancelled). Does not wait for that.
    ///
    /// No panic is reported, and no lock that is released on the way is poisoned. `join` returns the payload as the error of
    /// the thread. A thread that catches the unwinding unwinds again from its next wait, until its closure has returned.
    ///
    /// A wait that has completed is not undone: a lock that was handed over is held, a message that was received is
    /// returned. There the thread unwinds from its next wait. It does not unwind
    ///
    /// - while it unwinds already, so not from the destructors that this runs,
    /// - within [`shield`](crate::shield), in the initialization of a `LazyLock`, or while `thread::scope` waits for threads
    ///   that have been cancelled with it,
    /// - from a call that a helper thread makes, for a file, a name or a standard stream, or from a wait of code that
    ///   calls libc,
    /// - where no other green thread can run: in a panic hook, or within [`native`](crate::native()).
    ///
    /// Returns true if the thread will find out. Returns false, and does nothing, if it is a native thread, if it is known to
    /// have ended, or in a program whose panics abort.
    ///
    /// # Examples
    ///
    /// ```
    /// use greenpatch::{Cancel, sync::Mutex, sync::Arc, thread};
    ///
    /// greenpatch::patch_thread().unwrap();
    /// let mutex = Arc::new(Mutex::new(1));
    /// let holder = thread::spawn({
    ///     let mutex = mutex.clone();
    ///     move || {
    ///         let _guard = mutex.lock().unwrap();
    ///         thread::park();
    ///     }
    /// });
    /// thread::yield_now();
    /// assert!(mutex.try_lock().is_err());
    /// assert!(holder.cancel());
    /// assert!(holder.join().is_err());
    /// assert!(mutex.lock().is_ok()); // it is not poisoned
    /// ```
    fn cancel(&self) -> bool;
}

impl<T> Cancel for JoinHandle<T> {
    fn cancel(&self) -> bool {
        JoinHandle::cancel(self)
    }
}

impl<T> Cancel for ScopedJoinHandle<'_, T> {
    fn cancel(&self) -> bool {
        ScopedJoinHandle::cancel(self)
    }
}

mod sealed {
    pub trait Sealed {}
    impl<T> Sealed for super::JoinHandle<T> {}
    impl<T> Sealed for super::ScopedJoinHandle<'_, T> {}
}
