//! [`RwLock`] and its guards.
//!
//! Invariant:
//! 1. The owner of a write guard holds the raw lock as the writer, that of a read guard as one of its
//!    readers, and every access to the data is through a guard, or through `&mut RwLock`.
#![allow(unsafe_code)]

use ::std::cell::UnsafeCell;
use ::std::fmt;
use ::std::marker::PhantomData;
use ::std::mem::ManuallyDrop;
use ::std::ops::{Deref, DerefMut};
use ::std::panic::{RefUnwindSafe, UnwindSafe};
use ::std::ptr::NonNull;
use ::std::sync::{LockResult, TryLockResult};

use super::poisoning::{Flag, Panicking};
use super::raw_rwlock::RawRwLock;
use crate::seam::busy::acquires;
use crate::wait::atomic::const_unless_loom;

/// A reader-writer lock, which allows any number of readers or at most one writer at a time.
///
/// A writer that panics poisons the lock. A reader does not.
///
/// # Differences from std
///
/// The lock is fair to readers and writers, see [the module](crate::sync#fairness). As in std, a thread that holds it as a
/// reader may block forever if it acquires it again while a writer waits.
///
/// # Examples
///
/// ```
/// use greenpatch::sync::RwLock;
///
/// static ROUTES: RwLock<Vec<&str>> = RwLock::new(Vec::new());
///
/// ROUTES.write().unwrap().push("/");
/// let (one, two) = (ROUTES.read().unwrap(), ROUTES.read().unwrap());
/// assert_eq!(one[0], two[0]);
/// ```
pub struct RwLock<T: ?Sized> {
    inner: RawRwLock,
    poison: Flag,
    data: UnsafeCell<T>,
}

// SAFETY: the lock owns the data.
unsafe impl<T: ?Sized + Send> Send for RwLock<T> {}
// SAFETY: by invariant 1; readers share the data, so it must be `Sync`, and a writer may move it out, so it must be `Send`.
unsafe impl<T: ?Sized + Send + Sync> Sync for RwLock<T> {}

impl<T: ?Sized> UnwindSafe for RwLock<T> {}
impl<T: ?Sized> RefUnwindSafe for RwLock<T> {}

impl<T> RwLock<T> {
    const_unless_loom! {
        /// Creates a new, unlocked lock.
        #[inline]
        pub fn new(t: T) -> RwLock<T> {
            RwLock {
                inner: RawRwLock::new(),
                poison: Flag::new(),
                data: UnsafeCell::new(t),
            }
        }
    }
}

impl<T: ?Sized> RwLock<T> {
    /// Acquires the lock as a reader. Blocks the current thread while a writer holds the lock or waits for it.
    ///
    /// A thread that already holds the lock may block forever.
    ///
    /// # Errors
    ///
    /// Returns an error if a writer panicked while it held the lock. The error contains the guard.
    ///
    /// # Panics
    ///
    /// Panics if there are more than a thousand million readers.
    #[inline]
    #[track_caller]
    pub fn read(&self) -> LockResult<RwLockReadGuard<'_, T>> {
        self.inner.read();
        self.poison.result(self.read_guard())
    }

    /// Attempts to acquire the lock as a reader, without blocking.
    ///
    /// # Errors
    ///
    /// Returns an error if a writer holds the lock or waits for it, or if a writer panicked while it held the lock. The
    /// latter error contains the guard.
    ///
    /// # Panics
    ///
    /// Panics if there are more than a thousand million readers.
    #[inline]
    #[track_caller]
    pub fn try_read(&self) -> TryLockResult<RwLockReadGuard<'_, T>> {
        let guard = self.inner.try_read().then(|| self.read_guard());
        self.poison.try_result(guard)
    }

    /// Acquires the lock as the writer. Blocks the current thread while another thread holds the lock.
    ///
    /// A thread that already holds the lock blocks forever.
    ///
    /// # Errors
    ///
    /// Returns an error if a writer panicked while it held the lock. The error contains the guard.
    #[inline]
    #[track_caller]
    pub fn write(&self) -> LockResult<RwLockWriteGuard<'_, T>> {
        self.inner.write();
        self.poison.result(self.write_guard())
    }

    /// Attempts to acquire the lock as the writer, without blocking.
    ///
    /// # Errors
    ///
    /// Returns an error if the lock is held, or if a writer panicked while it held the lock. The latter error contains the
    /// guard.
    #[inline]
    pub fn try_write(&self) -> TryLockResult<RwLockWriteGuard<'_, T>> {
        let guard = self.inner.try_write().then(|| self.write_guard());
        self.poison.try_result(guard)
    }

    /// Returns whether the lock is poisoned.
    #[inline]
    pub fn is_poisoned(&self) -> bool {
        acquires();
        self.poison.is_set()
    }

    /// Removes the poison from the lock.
    #[inline]
    pub fn clear_poison(&self) {
        self.poison.clear();
    }

    /// Consumes the lock and returns its data.
    ///
    /// # Errors
    ///
    /// Returns an error if a writer panicked while it held the lock. The error contains the data.
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
    /// Returns an error if a writer panicked while it held the lock. The error contains the reference.
    pub fn get_mut(&mut self) -> LockResult<&mut T> {
        let data = self.data.get_mut();
        self.poison.result(data)
    }

    /// Creates the guard of the raw lock, which the caller has just acquired as a reader.
    #[inline]
    fn read_guard(&self) -> RwLockReadGuard<'_, T> {
        RwLockReadGuard {
            // SAFETY: the pointer to the content of a cell is not null.
            data: unsafe { NonNull::new_unchecked(self.data.get()) },
            inner: &self.inner,
        }
    }

    /// Creates the guard of the raw lock, which the caller has just acquired as the writer.
    #[inline]
    fn write_guard(&self) -> RwLockWriteGuard<'_, T> {
        RwLockWriteGuard {
            lock: self,
            panicking: self.poison.enter(),
            not_send: PhantomData,
        }
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for RwLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut d = f.debug_struct("RwLock");
        // The public `try_read` would count as busy waiting.
        match self.inner.try_read().then(|| self.read_guard()) {
            Some(guard) => d.field("data", &&*guard),
            None => d.field("data", &format_args!("<locked>")),
        };
        d.field("poisoned", &self.poison.is_set());
        d.finish_non_exhaustive()
    }
}

impl<T: Default> Default for RwLock<T> {
    fn default() -> RwLock<T> {
        RwLock::new(T::default())
    }
}

impl<T> From<T> for RwLock<T> {
    fn from(t: T) -> RwLock<T> {
        RwLock::new(t)
    }
}

/// A guard that holds a [`RwLock`] as a reader until it is dropped.
///
/// The guard is not `Send`:
///
/// ```compile_fail,E0277
/// let lock = greenpatch::sync::RwLock::new(0);
/// let guard = lock.read().unwrap();
/// fn send<T: Send>(_: T) {}
/// send(guard);
/// ```
#[must_use = "if unused the RwLock will immediately unlock"]
#[clippy::has_significant_drop]
pub struct RwLockReadGuard<'rwlock, T: ?Sized + 'rwlock> {
    // A pointer instead of a reference to the lock: a reference would make `T` invariant, and would still be live after
    // the unlock in `drop`.
    data: NonNull<T>,
    inner: &'rwlock RawRwLock,
}

// SAFETY: a shared guard gives only shared access to the data.
unsafe impl<T: ?Sized + Sync> Sync for RwLockReadGuard<'_, T> {}

impl<T: ?Sized> Deref for RwLockReadGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: by invariant 1.
        unsafe { self.data.as_ref() }
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for RwLockReadGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: ?Sized + fmt::Display> fmt::Display for RwLockReadGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: ?Sized> Drop for RwLockReadGuard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        self.inner.unlock_read();
    }
}

/// A guard that holds a [`RwLock`] as the writer until it is dropped.
///
/// The guard is not `Send`:
///
/// ```compile_fail,E0277
/// let lock = greenpatch::sync::RwLock::new(0);
/// let guard = lock.write().unwrap();
/// fn send<T: Send>(_: T) {}
/// send(guard);
/// ```
#[must_use = "if unused the RwLock will immediately unlock"]
#[clippy::has_significant_drop]
#[expect(
    explicit_outlives_requirements,
    reason = "as in std: the bound determines the default lifetime of a trait object"
)]
pub struct RwLockWriteGuard<'rwlock, T: ?Sized + 'rwlock> {
    lock: &'rwlock RwLock<T>,
    panicking: Panicking,
    not_send: PhantomData<*const ()>,
}

// SAFETY: a shared guard gives only shared access to the data.
unsafe impl<T: ?Sized + Sync> Sync for RwLockWriteGuard<'_, T> {}

impl<'rwlock, T: ?Sized> RwLockWriteGuard<'rwlock, T> {
    /// Downgrades a write guard into a read guard, atomically: no other writer acquires the lock in between.
    ///
    /// # Examples
    ///
    /// ```
    /// use greenpatch::sync::{RwLock, RwLockWriteGuard};
    ///
    /// let lock = RwLock::new(1);
    /// let mut writer = lock.write().unwrap();
    /// *writer += 1;
    /// let reader = RwLockWriteGuard::downgrade(writer);
    /// assert_eq!((*reader, *lock.read().unwrap()), (2, 2));
    /// ```
    pub fn downgrade(s: RwLockWriteGuard<'rwlock, T>) -> RwLockReadGuard<'rwlock, T> {
        let guard = ManuallyDrop::new(s);
        let lock = guard.lock;
        lock.poison.leave(&guard.panicking);
        lock.inner.downgrade();
        lock.read_guard()
    }
}

impl<T: ?Sized> Deref for RwLockWriteGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: by invariant 1.
        unsafe { &*self.lock.data.get() }
    }
}

impl<T: ?Sized> DerefMut for RwLockWriteGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: by invariant 1.
        unsafe { &mut *self.lock.data.get() }
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for RwLockWriteGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: ?Sized + fmt::Display> fmt::Display for RwLockWriteGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: ?Sized> Drop for RwLockWriteGuard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        self.lock.poison.leave(&self.panicking);
        self.lock.inner.unlock_write();
    }
}
