//! [`OnceLock`]: a cell that is initialized once.
//!
//! Invariant:
//! 1. The value is written only by the closure of `once`, while no reference to it exists, and is
//!    initialized when `once` is completed. From then on it changes only through `&mut OnceLock`, which resets
//!    both together.
#![allow(unsafe_code)]

use ::std::cell::UnsafeCell;
use ::std::fmt;
use ::std::mem;
use ::std::panic::{RefUnwindSafe, UnwindSafe};

use super::once::Once;
use crate::seam::busy::busy;
use crate::wait::atomic::const_unless_loom;

/// A cell that is initialized at most once, by any thread.
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
    // An `Option`, although `once` has the same information: the compiler then drops the value. An `impl Drop` would
    // prevent the value from borrowing data that is dropped together with the lock.
    value: UnsafeCell<Option<T>>,
}

// SAFETY: by invariant 1 references are shared (`T: Sync`), and one thread may write the value and
// another take or drop it (`T: Send`).
unsafe impl<T: Sync + Send> Sync for OnceLock<T> {}

impl<T: RefUnwindSafe + UnwindSafe> RefUnwindSafe for OnceLock<T> {}
impl<T: UnwindSafe> UnwindSafe for OnceLock<T> {}

impl<T> OnceLock<T> {
    const_unless_loom! {
        /// Creates a new uninitialized cell.
        #[inline]
        #[must_use]
        pub fn new() -> OnceLock<T> {
            OnceLock {
                once: Once::new(),
                value: UnsafeCell::new(None),
            }
        }
    }

    /// Returns a reference to the value if it is initialized. Never blocks.
    #[inline]
    pub fn get(&self) -> Option<&T> {
        let value = self.peek();
        if value.is_none() {
            busy();
        }
        value
    }

    /// Returns a reference to the value if it is initialized. For callers that do not poll.
    #[inline]
    fn peek(&self) -> Option<&T> {
        if self.once.is_done() {
            // SAFETY: `once` is completed.
            Some(unsafe { self.get_unchecked() })
        } else {
            None
        }
    }

    /// Returns a mutable reference to the value if it is initialized.
    #[inline]
    pub fn get_mut(&mut self) -> Option<&mut T> {
        self.value.get_mut().as_mut()
    }

    /// Blocks until the cell is initialized, and returns a reference to the value.
    #[inline]
    pub fn wait(&self) -> &T {
        self.once.wait_force();
        // SAFETY: `wait_force` returns when `once` is completed.
        unsafe { self.get_unchecked() }
    }

    /// Initializes the cell with `value`. Blocks while another thread initializes it.
    ///
    /// # Errors
    ///
    /// Returns `value` if the cell is already initialized.
    #[inline]
    pub fn set(&self, value: T) -> Result<(), T> {
        let mut value = Some(value);
        self.get_or_init(|| value.take().expect("the closure runs once"));
        match value {
            None => Ok(()),
            Some(value) => Err(value),
        }
    }

    /// Returns a reference to the value, initializing it with `f` if necessary. If several threads call this concurrently,
    /// one of them runs its `f`, and the others block until it has completed.
    ///
    /// A re-entrant call from within `f` blocks forever.
    ///
    /// # Panics
    ///
    /// Panics if `f` panics. The cell remains uninitialized, and can be initialized by another call.
    #[inline]
    pub fn get_or_init<F>(&self, f: F) -> &T
    where
        F: FnOnce() -> T,
    {
        if !self.once.is_done() {
            self.init(f);
        }
        // SAFETY: `once` was completed already, or `init` has completed it.
        unsafe { self.get_unchecked() }
    }

    /// Consumes the cell and returns the value if it is initialized.
    #[inline]
    pub fn into_inner(self) -> Option<T> {
        self.value.into_inner()
    }

    /// Takes the value, leaving the cell uninitialized.
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

    /// Returns a reference to the value.
    ///
    /// # Safety
    ///
    /// `once` must be completed.
    #[inline]
    unsafe fn get_unchecked(&self) -> &T {
        debug_assert!(self.once.is_done());
        // SAFETY: by invariant 1 the cell is only read from now on.
        let value = unsafe { &*self.value.get() };
        // SAFETY: by invariant 1 the value is initialized.
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
