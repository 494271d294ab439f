//! [`LazyLock`]: a value that is made when it is first asked for.
//!
//! Invariant:
//! 1. The value changes within the closure of `once` alone, while no reference to it is out, and is
//!    `Made` when `once` is completed; or through `&mut LazyLock`.
#![allow(unsafe_code)]

use ::std::cell::UnsafeCell;
use ::std::fmt;
use ::std::mem;
use ::std::ops::{Deref, DerefMut};
use ::std::panic::{RefUnwindSafe, UnwindSafe};

use super::once::Once;
use crate::seam::busy::busy;
use crate::wait::atomic::const_unless_loom;

/// A value that is made when it is first asked for, by whichever thread comes first.
///
/// If what makes the value panics, the value can never be had.
///
/// # Examples
///
/// ```
/// use greenpatch::sync::LazyLock;
///
/// static WORDS: LazyLock<Vec<&str>> = LazyLock::new(|| "to be or not".split(' ').collect());
///
/// assert_eq!(WORDS.len(), 4);
/// ```
pub struct LazyLock<T, F = fn() -> T> {
    once: Once,
    value: UnsafeCell<Value<T, F>>,
}

/// The state of the value.
enum Value<T, F> {
    /// Not needed yet.
    Unmade(F),
    /// Initialized.
    Made(T),
    /// It is being made, or what made it panicked.
    Gone,
}

// SAFETY: by invariant 1 references are shared (`T: Sync`), and one thread may make the value, with an `F`
// that came from another, and a third drop it (`T: Send`, `F: Send`).
unsafe impl<T: Sync + Send, F: Send> Sync for LazyLock<T, F> {}

impl<T: RefUnwindSafe + UnwindSafe, F: UnwindSafe> RefUnwindSafe for LazyLock<T, F> {}
impl<T: UnwindSafe, F: UnwindSafe> UnwindSafe for LazyLock<T, F> {}

impl<T, F: FnOnce() -> T> LazyLock<T, F> {
    const_unless_loom! {
        /// Makes one whose value `f` will make.
        #[inline]
        pub fn new(f: F) -> LazyLock<T, F> {
            LazyLock {
                once: Once::new(),
                value: UnsafeCell::new(Value::Unmade(f)),
            }
        }
    }

    /// The value, made if that has not happened yet. Blocks while another thread makes it.
    ///
    /// # Panics
    ///
    /// If what makes the value panics, or has panicked.
    #[inline]
    #[track_caller]
    pub fn force(this: &LazyLock<T, F>) -> &T {
        if !this.once.is_done() {
            this.make();
        }
        // SAFETY: by invariant 1.
        match unsafe { &*this.value.get() } {
            Value::Made(value) => value,
            _ => unreachable!("the value is there once it has been made"),
        }
    }

    /// The value, made if that has not happened yet.
    ///
    /// # Panics
    ///
    /// If what makes the value panics, or has panicked.
    #[inline]
    #[track_caller]
    pub fn force_mut(this: &mut LazyLock<T, F>) -> &mut T {
        LazyLock::force(this);
        match this.value.get_mut() {
            Value::Made(value) => value,
            _ => unreachable!("the value is there once it has been made"),
        }
    }

    #[cold]
    #[track_caller]
    fn make(&self) {
        let poisoned = "LazyLock instance has previously been poisoned";
        self.once.call(Some(poisoned), &mut |_| {
            // SAFETY: by invariant 1 there is no other reference to the content of the cell.
            let value = unsafe { mem::replace(&mut *self.value.get(), Value::Gone) };
            let Value::Unmade(f) = value else {
                unreachable!("a value is made once");
            };
            let made = f();
            // SAFETY: as above.
            unsafe { *self.value.get() = Value::Made(made) };
        });
    }
}

impl<T, F> LazyLock<T, F> {
    /// The value, if it has been made. Does not block.
    ///
    /// # Examples
    ///
    /// ```
    /// use greenpatch::sync::LazyLock;
    ///
    /// let lazy = LazyLock::new(|| 1);
    /// assert_eq!(LazyLock::get(&lazy), None);
    /// assert_eq!(*lazy, 1);
    /// assert_eq!(LazyLock::get(&lazy), Some(&1));
    /// ```
    #[inline]
    pub fn get(this: &LazyLock<T, F>) -> Option<&T> {
        let value = this.peek();
        if value.is_none() {
            busy();
        }
        value
    }

    /// Returns the value, if it has been initialized. For callers that do not poll.
    fn peek(&self) -> Option<&T> {
        if !self.once.is_done() {
            return None;
        }
        // SAFETY: by invariant 1.
        match unsafe { &*self.value.get() } {
            Value::Made(value) => Some(value),
            _ => None,
        }
    }

    /// The value, if it has been made.
    #[inline]
    pub fn get_mut(this: &mut LazyLock<T, F>) -> Option<&mut T> {
        match this.value.get_mut() {
            Value::Made(value) => Some(value),
            _ => None,
        }
    }
}

impl<T, F: FnOnce() -> T> Deref for LazyLock<T, F> {
    type Target = T;

    /// The value, as [`LazyLock::force`] gives it.
    ///
    /// # Panics
    ///
    /// If what makes the value panics, or has panicked.
    #[inline]
    #[track_caller]
    fn deref(&self) -> &T {
        LazyLock::force(self)
    }
}

impl<T, F: FnOnce() -> T> DerefMut for LazyLock<T, F> {
    /// The value, as [`LazyLock::force_mut`] gives it.
    ///
    /// # Panics
    ///
    /// If what makes the value panics, or has panicked.
    #[inline]
    #[track_caller]
    fn deref_mut(&mut self) -> &mut T {
        LazyLock::force_mut(self)
    }
}

impl<T: Default> Default for LazyLock<T> {
    fn default() -> LazyLock<T> {
        LazyLock::new(T::default)
    }
}

impl<T: fmt::Debug, F> fmt::Debug for LazyLock<T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut d = f.debug_tuple("LazyLock");
        match self.peek() {
            Some(value) => d.field(value),
            None => d.field(&format_args!("<uninit>")),
        };
        d.finish()
    }
}
