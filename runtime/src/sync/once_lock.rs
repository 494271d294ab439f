//! [`OnceLock`]: a value that is written once.
//!
//! Invariant:
//! 1. The value is written by the closure of `once` alone, while no reference to it is out, and is
//!    there when `once` is completed; from then on it changes only through `&mut OnceLock`, which takes
//!    it and the completion away together.
#![allow(unsafe_code)]

use ::std::cell::UnsafeCell;
use ::std::fmt;
use ::std::mem;
use ::std::panic::{RefUnwindSafe, UnwindSafe};

use super::once::Once;
use crate::seam::busy::busy;
use crate::wait::atomic::const_unless_loom;

/// A value that is written once, by whichever thread comes first.
///
/// # Examples
///
/// ```
/// use greenpatch::sync::OnceLock;
///
/// static HOME: OnceLock<String> = OnceLock::new();
///
/// assert!(HOME.get().is_none());
/// assert_eq!(HOME.get_or_init(|| "/".into()), "/");
/// assert_eq!(HOME.set("elsewhere".into()), Err("elsewhere".into()));
/// ```
pub struct OnceLock<T> {
    once: Once,
    // An `Option`, though `once` knows too: the compiler then drops the value, and a value that borrows
    // may borrow from what is dropped with the lock, which a `Drop` of our own would forbid.
    value: UnsafeCell<Option<T>>,
}

// SAFETY: by invariant 1 references are shared (`T: Sync`), and one thread may write the value and
// another take or drop it (`T: Send`).
unsafe impl<T: Sync + Send> Sync for OnceLock<T> {}

impl<T: RefUnwindSafe + UnwindSafe> RefUnwindSafe for OnceLock<T> {}
impl<T: UnwindSafe> UnwindSafe for OnceLock<T> {}

impl<T> OnceLock<T> {
    const_unless_loom! {
        /// Makes one without a value.
        #[inline]
        #[must_use]
        pub fn new() -> OnceLock<T> {
            OnceLock {
                once: Once::new(),
                value: UnsafeCell::new(None),
            }
        }
    }

    /// The value, if it has been written. Does not block.
    #[inline]
    pub fn get(&self) -> Option<&T> {
        let value = self.peek();
        if value.is_none() {
            busy();
        }
        value
    }

    /// Returns the value, if it has been initialized. For callers that do not poll.
    #[inline]
    fn peek(&self) -> Option<&T> {
        if self.once.is_done() {
            // SAFETY: it has just been seen.
            Some(unsafe { self.written() })
        } else {
            None
        }
    }

    /// The value, if it has been written.
    #[inline]
    pub fn get_mut(&mut self) -> Option<&mut T> {
        self.value.get_mut().as_mut()
    }

    /// Blocks until the value has been written.
    #[inline]
    pub fn wait(&self) -> &T {
        self.once.wait_force();
        // SAFETY: it has just been waited for.
        unsafe { self.written() }
    }

    /// Writes the value. Blocks while another thread is about to.
    ///
    /// # Errors
    ///
    /// If a value has been written already. The error is the given one.
    #[inline]
    pub fn set(&self, value: T) -> Result<(), T> {
        let mut value = Some(value);
        self.get_or_init(|| value.take().expect("the closure runs once"));
        match value {
            None => Ok(()),
            Some(value) => Err(value),
        }
    }

    /// The value, which `f` makes if there is none. Of many threads that come here at once one runs
    /// its `f`, and the others wait for it.
    ///
    /// # Panics
    ///
    /// If `f` panics. There is no value then, and another `f` may be tried.
    ///
    /// A re-entrant call from within `f` waits forever.
    #[inline]
    pub fn get_or_init<F>(&self, f: F) -> &T
    where
        F: FnOnce() -> T,
    {
        if !self.once.is_done() {
            self.init(f);
        }
        // SAFETY: it has been seen to be done, or has just been.
        unsafe { self.written() }
    }

    /// Unwraps the value, if it has been written.
    #[inline]
    pub fn into_inner(self) -> Option<T> {
        self.value.into_inner()
    }

    /// Takes the value out, and leaves none.
    ///
    /// # Examples
    ///
    /// ```
    /// use greenpatch::sync::OnceLock;
    ///
    /// let mut lock = OnceLock::from(1);
    /// assert_eq!(lock.take(), Some(1));
    /// assert_eq!(lock.get(), None);
    /// ```
    #[inline]
    pub fn take(&mut self) -> Option<T> {
        mem::take(self).into_inner()
    }

    #[cold]
    fn init<F>(&self, f: F)
    where
        F: FnOnce() -> T,
    {
        self.once.call_once_force(|_| {
            let value = f();
            // SAFETY: by invariant 1 there is no other reference to the content of the cell.
            unsafe { *self.value.get() = Some(value) };
        });
    }

    /// The value.
    ///
    /// # Safety
    ///
    /// The caller has seen that `once` is completed.
    #[inline]
    unsafe fn written(&self) -> &T {
        debug_assert!(self.once.is_done());
        // SAFETY: by invariant 1 it is only read from now on.
        let value = unsafe { &*self.value.get() };
        // SAFETY: by invariant 1 it is there.
        unsafe { value.as_ref().unwrap_unchecked() }
    }
}

impl<T> Default for OnceLock<T> {
    #[inline]
    fn default() -> OnceLock<T> {
        OnceLock::new()
    }
}

impl<T: fmt::Debug> fmt::Debug for OnceLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut d = f.debug_tuple("OnceLock");
        match self.peek() {
            Some(value) => d.field(value),
            None => d.field(&format_args!("<uninit>")),
        };
        d.finish()
    }
}

impl<T: Clone> Clone for OnceLock<T> {
    fn clone(&self) -> OnceLock<T> {
        self.peek()
            .cloned()
            .map_or_else(OnceLock::new, OnceLock::from)
    }
}

impl<T> From<T> for OnceLock<T> {
    fn from(value: T) -> OnceLock<T> {
        let lock = OnceLock::new();
        lock.init(|| value);
        lock
    }
}

impl<T: PartialEq> PartialEq for OnceLock<T> {
    fn eq(&self, other: &OnceLock<T>) -> bool {
        self.peek() == other.peek()
    }
}

impl<T: Eq> Eq for OnceLock<T> {}
