//! [`LazyLock`]: a value that the first access initializes.
//!
//! Invariant:
//! 1. The state changes only within the closure of `once`, while no reference to it exists, and is `Init` when `once` is
//!    completed; or through `&mut LazyLock`.
#![allow(unsafe_code)]

use ::std::cell::UnsafeCell;
use ::std::fmt;
use ::std::mem;
use ::std::ops::{Deref, DerefMut};
use ::std::panic::{RefUnwindSafe, UnwindSafe};

use super::once::Once;
use crate::interruption;
use crate::seam::busy::busy;
use crate::wait::atomic::const_unless_loom;

/// A value that the first access initializes.
///
/// If the initializing closure panics, the lock is poisoned, and the value can never be accessed.
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
    state: UnsafeCell<State<T, F>>,
}

/// The state of the value.
enum State<T, F> {
    /// The value has not been accessed.
    Uninit(F),
    /// The value is initialized.
    Init(T),
    /// The closure is running, or it has panicked.
    Poisoned,
}

// SAFETY: by invariant 1 references are shared (`T: Sync`), and one thread may initialize the value with an `F` from
// another thread, and a third may drop it (`T: Send`, `F: Send`).
unsafe impl<T: Sync + Send, F: Send> Sync for LazyLock<T, F> {}

impl<T: RefUnwindSafe + UnwindSafe, F: UnwindSafe> RefUnwindSafe for LazyLock<T, F> {}
impl<T: UnwindSafe, F: UnwindSafe> UnwindSafe for LazyLock<T, F> {}

impl<T, F: FnOnce() -> T> LazyLock<T, F> {
    const_unless_loom! {
        /// Creates a lazy value that `f` will initialize.
        #[inline]
        pub fn new(f: F) -> LazyLock<T, F> {
            LazyLock {
                once: Once::new(),
                state: UnsafeCell::new(State::Uninit(f)),
            }
        }
    }

    /// Returns a reference to the value, initializing it first if necessary. Blocks while another thread initializes it.
    ///
    /// # Panics
    ///
    /// Panics if the initializing closure panics, or has panicked.
    #[inline]
    #[track_caller]
    pub fn force(this: &LazyLock<T, F>) -> &T {
        if !this.once.is_done() {
            this.init();
        }
        // SAFETY: by invariant 1.
        match unsafe { &*this.state.get() } {
            State::Init(value) => value,
            _ => unreachable!("the value is initialized once `once` is completed"),
        }
    }

    /// Returns a mutable reference to the value, initializing it first if necessary.
    ///
    /// # Panics
    ///
    /// Panics if the initializing closure panics, or has panicked.
    #[inline]
    #[track_caller]
    pub fn force_mut(this: &mut LazyLock<T, F>) -> &mut T {
        LazyLock::force(this);
        match this.state.get_mut() {
            State::Init(value) => value,
            _ => unreachable!("the value is initialized once `once` is completed"),
        }
    }

    #[cold]
    #[track_caller]
    fn init(&self) {
        let poisoned = "LazyLock instance has previously been poisoned";
        self.once.call(Some(poisoned), &mut |_| {
            // SAFETY: by invariant 1 there is no other reference to the content of the cell.
            let state = unsafe { mem::replace(&mut *self.state.get(), State::Poisoned) };
            let State::Uninit(f) = state else {
                unreachable!("a value is initialized once");
            };
            // The closure can be called once only, so it is not interrupted.
            let value = interruption::shield(f);
            // SAFETY: as above.
            unsafe { *self.state.get() = State::Init(value) };
        });
    }
}

impl<T, F> LazyLock<T, F> {
    /// Returns a reference to the value if it is initialized. Never blocks.
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

    /// Returns a reference to the value if it is initialized. For callers that do not poll.
    fn peek(&self) -> Option<&T> {
        if !self.once.is_done() {
            return None;
        }
        // SAFETY: by invariant 1.
        match unsafe { &*self.state.get() } {
            State::Init(value) => Some(value),
            _ => None,
        }
    }

    /// Returns a mutable reference to the value if it is initialized.
    #[inline]
    pub fn get_mut(this: &mut LazyLock<T, F>) -> Option<&mut T> {
        match this.state.get_mut() {
            State::Init(value) => Some(value),
            _ => None,
        }
    }
}

impl<T, F: FnOnce() -> T> Deref for LazyLock<T, F> {
    type Target = T;

    /// Returns a reference to the value, as [`LazyLock::force`] does.
    ///
    /// # Panics
    ///
    /// Panics if the initializing closure panics, or has panicked.
    #[inline]
    #[track_caller]
    fn deref(&self) -> &T {
        LazyLock::force(self)
    }
}

impl<T, F: FnOnce() -> T> DerefMut for LazyLock<T, F> {
    /// Returns a mutable reference to the value, as [`LazyLock::force_mut`] does.
    ///
    /// # Panics
    ///
    /// Panics if the initializing closure panics, or has panicked.
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
