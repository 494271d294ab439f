//! The value that an OS thread has of a key: green threads share it where `thread_local!` is left native.
//!
//! std makes a value while its key counts as having none. If making it waits, another green thread of
//! the OS thread makes one too, and std drops the first while it may be in use. So the expression of a key
//! runs outside std's key here, and the value that is finished first stays.
//!
//! Invariants:
//! 1. A [`Place`] is reached through its `std::thread::LocalKey` alone, so on one OS thread, and not while
//!    it is destroyed; a reference to the value does not outlive the call that has made it.
//! 2. A value that is there is replaced only on an OS thread without a hub, and only by what the key's
//!    expression has made: what was there then was made and used within that expression, which has ended.
#![allow(unsafe_code)]

use ::std::cell::{Cell, UnsafeCell};
use ::std::thread;

use super::AccessError;
use crate::seam::local::is_shared;

/// Where the value of an OS thread is.
pub(super) enum Native<T: 'static> {
    /// With std alone: a constant is there from the beginning.
    Constant(&'static thread::LocalKey<T>),
    /// In a place of ours, made when it is first used.
    Made(
        &'static thread::LocalKey<Made>,
        &'static thread::LocalKey<Place<T>>,
    ),
}

/// Whether a [`Place`] has its value. It has no destructor, so that asking does not put the value's before
/// those of keys which its expression uses.
#[derive(Debug)]
#[doc(hidden)]
pub struct Made(Cell<bool>);

/// A place for the value.
#[doc(hidden)]
pub struct Place<T>(UnsafeCell<Option<T>>);

impl<T: 'static> Native<T> {
    /// Calls `f` with the value, which `make` makes if there is none yet.
    #[inline]
    pub(super) fn try_with<R>(
        &self,
        make: fn() -> T,
        f: impl FnOnce(&T) -> R,
    ) -> Result<R, AccessError> {
        match self {
            Native::Constant(key) => key.try_with(f),
            Native::Made(made, key) => {
                if !made.with(|made| made.0.get()) {
                    put(made, key, make())?;
                }
                key.try_with(|place| f(place.value()))
            }
        }
        .map_err(|_| AccessError)
    }

    /// Makes `value` the value if there is none yet, or else calls `replace` with it and with the one that
    /// is there.
    #[inline]
    pub(super) fn set_or_with(
        &self,
        value: T,
        replace: impl FnOnce(&T, T),
    ) -> Result<(), AccessError> {
        match self {
            Native::Constant(key) => key.try_with(|found| replace(found, value)),
            Native::Made(made, key) => {
                if !made.with(|made| made.0.get()) {
                    return put(made, key, value);
                }
                key.try_with(|place| replace(place.value(), value))
            }
        }
        .map_err(|_| AccessError)
    }
}

/// Puts a value in its place, unless another one is there that may be in use.
#[cold]
fn put<T: 'static>(
    made: &'static thread::LocalKey<Made>,
    key: &'static thread::LocalKey<Place<T>>,
    value: T,
) -> Result<(), AccessError> {
    // What is left over is dropped out here: its destructor may come back, or wait.
    let unused = key.try_with(|place| {
        if made.with(|made| made.0.replace(true)) && is_shared() {
            return Some(value);
        }
        // SAFETY: there is no value, or this OS thread has no hub and `value` was made by the expression,
        // since `set_or_with` runs nothing between asking for a value and this (invariant 2).
        unsafe { place.replace(value) }
    });
    unused.map(drop).map_err(|_| AccessError)
}

impl Made {
    #[doc(hidden)]
    #[must_use]
    pub const fn new() -> Self {
        Made(Cell::new(false))
    }
}

impl<T> Place<T> {
    #[doc(hidden)]
    #[must_use]
    pub const fn new() -> Self {
        Place(UnsafeCell::new(None))
    }

    /// The value, which is there.
    #[inline]
    fn value(&self) -> &T {
        // SAFETY: by invariant 1 no other OS thread is here, and by invariant 2 a value in use is not replaced.
        let value = unsafe { &*self.0.get() };
        value
            .as_ref()
            .expect("it is there once it is said to be made")
    }

    /// Puts a value in, and returns the one that was there.
    ///
    /// # Safety
    ///
    /// No reference to the value is alive.
    unsafe fn replace(&self, value: T) -> Option<T> {
        // SAFETY: by the caller's promise, and by invariant 1.
        unsafe { &mut *self.0.get() }.replace(value)
    }
}
