//! `LocalKey` and `thread_local!`: values of a native thread, or of a green one once patched.

use std::cell::{Cell, RefCell};
use std::fmt;

use super::AccessError;
use super::access_error::panic_access_error;
use super::native_local::{Made, Native, Place};
use crate::seam::local::{self, Locals};

/// A static variable of which every thread, native or green, has its own.
///
/// [`thread_local!`](crate::thread_local) makes it. The value is made when a thread first uses it, and
/// destroyed when that thread ends.
///
/// # Differences from std
///
/// It is not the type `std::thread::LocalKey`. Once patched, each green thread has its own value; the
/// root, on whose OS thread they run, keeps the one it had.
///
/// # Examples
///
/// ```
/// use std::cell::Cell;
/// use greenpatch::thread;
///
/// greenpatch::thread_local! {
///     static COUNT: Cell<u32> = const { Cell::new(1) };
/// }
/// COUNT.set(2);
/// thread::spawn(|| assert_eq!(COUNT.get(), 1)).join().unwrap();
/// assert_eq!(COUNT.get(), 2);
/// ```
pub struct LocalKey<T: 'static> {
    native: Native<T>,
    make: fn() -> T,
    /// Its address names the key: function addresses are not unique, those of statics are.
    name: &'static u8,
}

impl<T: 'static> LocalKey<T> {
    /// What `thread_local!` expands to for a constant. `name` belongs to this key alone.
    #[doc(hidden)]
    #[must_use]
    pub const fn __constant(
        native: &'static ::std::thread::LocalKey<T>,
        make: fn() -> T,
        name: &'static u8,
    ) -> Self {
        let native = Native::Constant(native);
        LocalKey { native, make, name }
    }

    /// What `thread_local!` expands to otherwise. `made`, `place` and `name` belong to this key alone.
    #[doc(hidden)]
    #[must_use]
    pub const fn __made(
        made: &'static ::std::thread::LocalKey<Made>,
        place: &'static ::std::thread::LocalKey<Place<T>>,
        make: fn() -> T,
        name: &'static u8,
    ) -> Self {
        let native = Native::Made(made, place);
        LocalKey { native, make, name }
    }

    /// Calls `f` with this thread's value, which is made first if there is none yet.
    ///
    /// # Panics
    ///
    /// Panics if the value is being destroyed or has been.
    #[inline]
    #[track_caller]
    pub fn with<F, R>(&'static self, f: F) -> R
    where
        F: FnOnce(&T) -> R,
    {
        match self.try_with(f) {
            Ok(result) => result,
            Err(AccessError) => panic_access_error(),
        }
    }

    /// Calls `f` with this thread's value, unless that is being destroyed or has been.
    ///
    /// # Errors
    ///
    /// [`AccessError`] if the value is being destroyed or has been.
    #[inline]
    pub fn try_with<F, R>(&'static self, f: F) -> Result<R, AccessError>
    where
        F: FnOnce(&T) -> R,
    {
        local::with(
            f,
            |locals, f| Ok(f(&*self.find(locals, self.make)?)),
            |f| self.native.try_with(self.make, f),
        )
    }

    /// Calls `f` with this thread's value; if there is none yet, it is `value` and not what the
    /// declaration says. What is left of `value` is what was not needed.
    #[inline]
    #[track_caller]
    fn set_or_with(&'static self, value: T, replace: fn(&T, T)) {
        let set = local::with(
            value,
            |locals, value| {
                let mut value = Some(value);
                let make = || value.take().expect("a value is made once");
                let found = self.find(locals, make)?;
                if let Some(value) = value {
                    replace(&found, value);
                }
                Ok(())
            },
            |value| self.native.set_or_with(value, replace),
        );
        if let Err(AccessError) = set {
            panic_access_error();
        }
    }

    fn find(
        &'static self,
        locals: &Locals,
        make: impl FnOnce() -> T,
    ) -> Result<std::rc::Rc<T>, AccessError> {
        let address = std::ptr::from_ref(self.name).addr();
        locals
            .get(address, make)
            .map_err(|local::Destroyed| AccessError)
    }
}

impl<T: 'static> LocalKey<Cell<T>> {
    /// Sets this thread's value; one that was not there yet is not made first.
    ///
    /// # Panics
    ///
    /// Panics if the value is being destroyed or has been.
    #[inline]
    #[track_caller]
    pub fn set(&'static self, value: T) {
        self.set_or_with(Cell::new(value), |found, value| {
            found.set(value.into_inner());
        });
    }

    /// Returns a copy of this thread's value.
    ///
    /// # Panics
    ///
    /// Panics if the value is being destroyed or has been.
    #[inline]
    #[track_caller]
    pub fn get(&'static self) -> T
    where
        T: Copy,
    {
        self.with(Cell::get)
    }

    /// Takes this thread's value and leaves the default.
    ///
    /// # Panics
    ///
    /// Panics if the value is being destroyed or has been.
    #[inline]
    #[track_caller]
    pub fn take(&'static self) -> T
    where
        T: Default,
    {
        self.with(Cell::take)
    }

    /// Replaces this thread's value and returns the one before.
    ///
    /// # Panics
    ///
    /// Panics if the value is being destroyed or has been.
    #[inline]
    #[track_caller]
    pub fn replace(&'static self, value: T) -> T {
        self.with(|cell| cell.replace(value))
    }
}

impl<T: 'static> LocalKey<RefCell<T>> {
    /// Calls `f` with this thread's value, borrowed.
    ///
    /// # Panics
    ///
    /// Panics if the value is mutably borrowed, is being destroyed or has been.
    #[inline]
    #[track_caller]
    pub fn with_borrow<F, R>(&'static self, f: F) -> R
    where
        F: FnOnce(&T) -> R,
    {
        self.with(|cell| f(&cell.borrow()))
    }

    /// Calls `f` with this thread's value, mutably borrowed.
    ///
    /// # Panics
    ///
    /// Panics if the value is borrowed, is being destroyed or has been.
    #[inline]
    #[track_caller]
    pub fn with_borrow_mut<F, R>(&'static self, f: F) -> R
    where
        F: FnOnce(&mut T) -> R,
    {
        self.with(|cell| f(&mut cell.borrow_mut()))
    }

    /// Sets this thread's value; one that was not there yet is not made first.
    ///
    /// # Panics
    ///
    /// Panics if the value is borrowed, is being destroyed or has been.
    #[inline]
    #[track_caller]
    pub fn set(&'static self, value: T) {
        self.set_or_with(RefCell::new(value), |found, value| {
            *found.borrow_mut() = value.into_inner();
        });
    }

    /// Takes this thread's value and leaves the default.
    ///
    /// # Panics
    ///
    /// Panics if the value is borrowed, is being destroyed or has been.
    #[inline]
    #[track_caller]
    pub fn take(&'static self) -> T
    where
        T: Default,
    {
        self.with(RefCell::take)
    }

    /// Replaces this thread's value and returns the one before.
    ///
    /// # Panics
    ///
    /// Panics if the value is borrowed, is being destroyed or has been.
    #[inline]
    #[track_caller]
    pub fn replace(&'static self, value: T) -> T {
        self.with(|cell| cell.replace(value))
    }
}

impl<T: 'static> fmt::Debug for LocalKey<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalKey").finish_non_exhaustive()
    }
}

/// Declares statics of which every thread, native or green, has its own value.
///
/// # Differences from std
///
/// The keys are [`LocalKey`]s of greenpatch. It accepts what std's macro accepts.
///
/// # Examples
///
/// ```
/// use std::cell::RefCell;
///
/// greenpatch::thread_local! {
///     static NAMES: RefCell<Vec<String>> = RefCell::default();
///     pub static LIMIT: u32 = const { 10 };
/// }
/// NAMES.with_borrow_mut(|names| names.push("first".into()));
/// assert_eq!(LIMIT.with(|limit| *limit), 10);
/// ```
#[macro_export]
macro_rules! thread_local {
    () => {};
    ($(#[$attribute:meta])* $vis:vis static $name:ident: $type:ty = const $init:block $(; $($rest:tt)*)?) => {
        $crate::__thread_local! { constant [$(#[$attribute])*] [$vis] $name [$type] $init }
        $($crate::thread_local! { $($rest)* })?
    };
    ($(#[$attribute:meta])* $vis:vis static $name:ident: $type:ty = $init:expr $(; $($rest:tt)*)?) => {
        $crate::__thread_local! { made [$(#[$attribute])*] [$vis] $name [$type] $init }
        $($crate::thread_local! { $($rest)* })?
    };
}

/// One key of [`thread_local!`](crate::thread_local).
#[doc(hidden)]
#[macro_export]
macro_rules! __thread_local {
    (constant [$($attribute:tt)*] [$vis:vis] $name:ident [$type:ty] $init:block) => {
        $($attribute)*
        $vis const $name: $crate::thread::LocalKey<$type> = {
            $crate::__std::thread_local! { static __GREENPATCH_NATIVE: $type = const $init; }
            static __GREENPATCH_NAME: $crate::__std::primitive::u8 = 0;
            fn __greenpatch_make() -> $type {
                $init
            }
            $crate::thread::LocalKey::__constant(
                &__GREENPATCH_NATIVE,
                __greenpatch_make,
                &__GREENPATCH_NAME,
            )
        };
    };
    (made [$($attribute:tt)*] [$vis:vis] $name:ident [$type:ty] $init:expr) => {
        $($attribute)*
        $vis const $name: $crate::thread::LocalKey<$type> = {
            $crate::__std::thread_local! {
                static __GREENPATCH_MADE: $crate::thread::__Made = const { $crate::thread::__Made::new() };
                static __GREENPATCH_PLACE: $crate::thread::__Place<$type> =
                    const { $crate::thread::__Place::new() };
            }
            static __GREENPATCH_NAME: $crate::__std::primitive::u8 = 0;
            fn __greenpatch_make() -> $type {
                $init
            }
            $crate::thread::LocalKey::__made(
                &__GREENPATCH_MADE,
                &__GREENPATCH_PLACE,
                __greenpatch_make,
                &__GREENPATCH_NAME,
            )
        };
    };
}
