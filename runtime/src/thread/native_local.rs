//! The value of a key that belongs to an OS thread. Green threads share it if `thread_local!` is not patched.
//!
//! std treats its key as uninitialized while the initial value is computed. If that computation blocks, another green
//! thread of the OS thread computes a value too, and std drops the first one while it may be in use. Therefore the
//! expression of a key is evaluated outside std's key here, and the first value that is complete stays.
//!
//! Invariants:
//! 1. A [`Storage`] is accessed only through its `std::thread::LocalKey`, so on one OS thread, and not while it is
//!    destroyed. A reference to the value does not outlive the call that has created it.
//! 2. A value is replaced only on an OS thread without a hub, and only by the result of the key's expression. The value
//!    that is replaced was then created and used within the evaluation of that expression, which has ended.
#![allow(unsafe_code)]

use ::std::cell::{Cell, UnsafeCell};
use ::std::thread;

use super::AccessError;
use crate::seam::local::is_shared;

/// The location of an OS thread's value.
pub(super) enum Native<T: 'static> {
    /// In std's key: a constant is initialized from the beginning.
    Constant(&'static thread::LocalKey<T>),
    /// In a [`Storage`], initialized at the first use.
    Lazy(
        &'static thread::LocalKey<Initialized>,
        &'static thread::LocalKey<Storage<T>>,
    ),
}

/// Whether a [`Storage`] is initialized. It is separate because it has no destructor: reading it does not register the
/// value's destructor before those of the keys that the expression uses.
#[derive(Debug)]
#[doc(hidden)]
pub struct Initialized(Cell<bool>);

/// The storage of a value.
#[doc(hidden)]
pub struct Storage<T>(UnsafeCell<Option<T>>);

impl<T: 'static> Native<T> {
    /// Calls `f` with the value, initializing it with `init` if necessary.
    #[inline]
    pub(super) fn try_with<R>(
        &self,
        init: fn() -> T,
        f: impl FnOnce(&T) -> R,
    ) -> Result<R, AccessError> {
        match self {
            Native::Constant(key) => key.try_with(f),
            Native::Lazy(initialized, key) => {
                if !initialized.with(|initialized| initialized.0.get()) {
                    put(initialized, key, init())?;
                }
                key.try_with(|storage| f(storage.value()))
            }
        }
        .map_err(|_| AccessError)
    }

    /// Initializes the value with `value` if it is uninitialized; otherwise calls `replace` with the current value and
    /// `value`.
    #[inline]
    pub(super) fn set_or_with(
        &self,
        value: T,
        replace: impl FnOnce(&T, T),
    ) -> Result<(), AccessError> {
        match self {
            Native::Constant(key) => key.try_with(|found| replace(found, value)),
            Native::Lazy(initialized, key) => {
                if !initialized.with(|initialized| initialized.0.get()) {
                    return put(initialized, key, value);
                }
                key.try_with(|storage| replace(storage.value(), value))
            }
        }
        .map_err(|_| AccessError)
    }
}

/// Stores a value, unless there is another one that may be in use.
#[cold]
fn put<T: 'static>(
    initialized: &'static thread::LocalKey<Initialized>,
    key: &'static thread::LocalKey<Storage<T>>,
    value: T,
) -> Result<(), AccessError> {
    // The unused value is dropped outside of std's key: its destructor may access the key again, or block.
    let unused = key.try_with(|storage| {
        if initialized.with(|initialized| initialized.0.replace(true)) && is_shared() {
            return Some(value);
        }
        // SAFETY: there is no value, or this OS thread has no hub and `value` is the result of the expression, since
        // `set_or_with` runs no other code between checking for a value and this call (invariant 2).
        unsafe { storage.replace(value) }
    });
    unused.map(drop).map_err(|_| AccessError)
}

impl Initialized {
    #[doc(hidden)]
    #[must_use]
    pub const fn new() -> Self {
        Initialized(Cell::new(false))
    }
}

impl<T> Storage<T> {
    #[doc(hidden)]
    #[must_use]
    pub const fn new() -> Self {
        Storage(UnsafeCell::new(None))
    }

    /// Returns the value, which is initialized.
    #[inline]
    fn value(&self) -> &T {
        // SAFETY: by invariant 1 no other OS thread accesses it, and by invariant 2 a value in use is not replaced.
        let value = unsafe { &*self.0.get() };
        value.as_ref().expect("the value is initialized")
    }

    /// Stores a value, and returns the previous one.
    ///
    /// # Safety
    ///
    /// No reference to the value may be alive.
    unsafe fn replace(&self, value: T) -> Option<T> {
        // SAFETY: by the caller's guarantee, and by invariant 1.
        unsafe { &mut *self.0.get() }.replace(value)
    }
}
