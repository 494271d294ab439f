//! [`Mutex`] and its guard.
//!
//! Invariant:
//! 1. A guard exists only while its owner holds the raw mutex, and every access to the data is through a guard, or
//!    through `&mut Mutex`.
#![allow(unsafe_code)]

use ::std::cell::UnsafeCell;
use ::std::fmt;
use ::std::marker::PhantomData;
use ::std::ops::{Deref, DerefMut};
use ::std::panic::{RefUnwindSafe, UnwindSafe};
use ::std::sync::{LockResult, TryLockResult};

use super::poisoning::{Flag, Panicking};
use super::raw_mutex::RawMutex;
use crate::seam::busy::acquires;
use crate::wait::atomic::const_unless_loom;

/// A mutual exclusion primitive that protects data shared between threads.
///
/// [`lock`](Mutex::lock) blocks while another thread holds the mutex. If the caller is a green thread, other green threads
/// of its hub run in the meantime.
///
/// A thread that panics while it holds the mutex poisons it. Each later lock then returns the guard in an error.
///
/// # Differences from std
///
/// The mutex is eventually fair, see [the module](crate::sync#fairness).
///
/// # Examples
///
/// ```
/// use greenpatch::sync::Mutex;
/// use greenpatch::thread;
///
/// static HITS: Mutex<u32> = Mutex::new(0);
///
/// thread::scope(|s| {
///     for _ in 0..4 {
///         s.spawn(|| *HITS.lock().unwrap() += 1);
///     }
/// });
/// assert_eq!(*HITS.lock().unwrap(), 4);
/// ```
pub struct Mutex<T: ?Sized> {
    inner: RawMutex,
    poison: Flag,
    data: UnsafeCell<T>,
}

// SAFETY: the mutex owns the data.
unsafe impl<T: ?Sized + Send> Send for Mutex<T> {}
// SAFETY: by invariant 1 one thread at a time accesses the data, so it only has to be `Send`.
unsafe impl<T: ?Sized + Send> Sync for Mutex<T> {}

impl<T: ?Sized> UnwindSafe for Mutex<T> {}
impl<T: ?Sized> RefUnwindSafe for Mutex<T> {}

impl<T> Mutex<T> {
    const_unless_loom! {
        /// Creates a new, unlocked mutex.
        #[inline]
        pub fn new(t: T) -> Mutex<T> {
            Mutex {
                inner: RawMutex::new(),
                poison: Flag::new(),
                data: UnsafeCell::new(t),
            }
        }
    }
}

impl<T: ?Sized> Mutex<T> {
    /// Acquires the mutex. Blocks the current thread while another thread holds it.
    ///
    /// A thread that already holds the mutex blocks forever.
    ///
    /// # Errors
    ///
    /// Returns an error if a thread panicked while it held the mutex. The error contains the guard.
    #[inline]
    #[track_caller]
    pub fn lock(&self) -> LockResult<MutexGuard<'_, T>> {
        self.inner.lock();
        self.poison.result(self.guard())
    }

    /// Attempts to acquire the mutex without blocking.
    ///
    /// # Errors
    ///
    /// Returns an error if the mutex is held, or if a thread panicked while it held the mutex. The latter error contains the
    /// guard.
    ///
    /// # Examples
    ///
    /// ```
    /// use greenpatch::sync::{Mutex, TryLockError};
    ///
    /// let mutex = Mutex::new(1);
    /// let guard = mutex.try_lock().unwrap();
    /// assert!(matches!(mutex.try_lock(), Err(TryLockError::WouldBlock)));
    /// drop(guard);
    /// assert!(mutex.try_lock().is_ok());
    /// ```
    #[inline]
    pub fn try_lock(&self) -> TryLockResult<MutexGuard<'_, T>> {
        let guard = self.inner.try_lock().then(|| self.guard());
        self.poison.try_result(guard)
    }

    /// Returns whether the mutex is poisoned.
    #[inline]
    pub fn is_poisoned(&self) -> bool {
        acquires();
        self.poison.is_set()
    }

    /// Removes the poison from the mutex.
    ///
    /// # Examples
    ///
    /// ```
    /// use greenpatch::sync::Mutex;
    /// use greenpatch::thread;
    ///
    /// let mutex = Mutex::new(1);
    /// thread::scope(|s| {
    ///     let breaks = s.spawn(|| {
    ///         let _guard = mutex.lock();
    ///         panic!("half done");
    ///     });
    ///     assert!(breaks.join().is_err());
    /// });
    /// assert!(mutex.is_poisoned());
    /// *mutex.lock().unwrap_err().into_inner() = 0;
    /// mutex.clear_poison();
    /// assert!(mutex.lock().is_ok());
    /// ```
    #[inline]
    pub fn clear_poison(&self) {
        self.poison.clear();
    }

    /// Consumes the mutex and returns its data.
    ///
    /// # Errors
    ///
    /// Returns an error if a thread panicked while it held the mutex. The error contains the data.
    pub fn into_inner(self) -> LockResult<T>
    where
        T: Sized,
    {
        let data = self.data.into_inner();
        self.poison.result(data)
    }

    /// Returns a mutable reference to the data. This needs no locking: the borrow proves that no guard exists.
    ///
    /// # Errors
    ///
    /// Returns an error if a thread panicked while it held the mutex. The error contains the reference.
    pub fn get_mut(&mut self) -> LockResult<&mut T> {
        let data = self.data.get_mut();
        self.poison.result(data)
    }

    /// Creates the guard of the raw mutex, which the caller has just acquired.
    #[inline]
    fn guard(&self) -> MutexGuard<'_, T> {
        MutexGuard {
            mutex: self,
            panicking: self.poison.enter(),
            not_send: PhantomData,
        }
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for Mutex<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut d = f.debug_struct("Mutex");
        // The public `try_lock` would count as busy waiting.
        match self.inner.try_lock().then(|| self.guard()) {
            Some(guard) => d.field("data", &&*guard),
            None => d.field("data", &"<locked>"),
        };
        d.field("poisoned", &self.poison.is_set());
        d.finish_non_exhaustive()
    }
}

impl<T: Default> Default for Mutex<T> {
    fn default() -> Mutex<T> {
        Mutex::new(T::default())
    }
}

impl<T> From<T> for Mutex<T> {
    fn from(t: T) -> Mutex<T> {
        Mutex::new(t)
    }
}

/// A guard that holds a [`Mutex`] locked until it is dropped.
///
/// The guard is not `Send`:
///
/// ```compile_fail,E0277
/// let mutex = greenpatch::sync::Mutex::new(0);
/// let guard = mutex.lock().unwrap();
/// fn send<T: Send>(_: T) {}
/// send(guard);
/// ```
#[must_use = "if unused the Mutex will immediately unlock"]
#[clippy::has_significant_drop]
#[expect(
    explicit_outlives_requirements,
    reason = "as in std: the bound determines the default lifetime of a trait object"
)]
pub struct MutexGuard<'a, T: ?Sized + 'a> {
    mutex: &'a Mutex<T>,
    panicking: Panicking,
    not_send: PhantomData<*const ()>,
}

// SAFETY: a shared guard gives only shared access to the data.
unsafe impl<T: ?Sized + Sync> Sync for MutexGuard<'_, T> {}

impl<'a, T: ?Sized> MutexGuard<'a, T> {
    /// Returns the raw mutex, which a condition variable releases and acquires again.
    pub(super) fn raw(&self) -> &'a RawMutex {
        &self.mutex.inner
    }

    /// Returns the poison flag of the mutex.
    pub(super) fn poison(&self) -> &'a Flag {
        &self.mutex.poison
    }
}

impl<T: ?Sized> Deref for MutexGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: by invariant 1.
        unsafe { &*self.mutex.data.get() }
    }
}

impl<T: ?Sized> DerefMut for MutexGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: by invariant 1.
        unsafe { &mut *self.mutex.data.get() }
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for MutexGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: ?Sized + fmt::Display> fmt::Display for MutexGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: ?Sized> Drop for MutexGuard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        self.mutex.poison.leave(&self.panicking);
        self.mutex.inner.unlock();
    }
}
