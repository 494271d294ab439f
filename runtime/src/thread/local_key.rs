//! Thread-local values: of a native thread, or of a green one once patched.

use std::cell::{Cell, RefCell};
use std::fmt;

use super::AccessError;
use super::access_error::panic_access_error;
use super::native_local::{Initialized, Native, Storage};
use crate::seam::local;
use crate::thread_state::locals::{Destroyed, Locals};

/// A thread-local storage key, with a separate value for each thread, native or green.
///
/// It is declared by [`thread_local!`](crate::thread_local). The value is initialized at the first use by a thread, and
/// dropped when that thread exits.
///
/// # Differences from std
///
/// It is not the type `std::thread::LocalKey`. Once patched, each green thread has a separate value. The root, which
/// shares their OS thread, keeps the value that it had.
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
    init: fn() -> T,
    /// The address of this static identifies the key. Unlike a function's, it is unique.
    id: &'static u8,
}

impl<T: 'static> LocalKey<T> {
    /// Creates a key with a constant initial value, for `thread_local!`. No other key has the same `id`.
    #[doc(hidden)]
    #[must_use]
    pub const fn __constant(
        native: &'static ::std::thread::LocalKey<T>,
        init: fn() -> T,
        id: &'static u8,
    ) -> Self {
        let native = Native::Constant(native);
        LocalKey { native, init, id }
    }

    /// Creates a key with a lazily computed initial value, for `thread_local!`. No other key has the same `initialized`,
    /// `storage` or `id`.
    #[doc(hidden)]
    #[must_use]
    pub const fn __lazy(
        initialized: &'static ::std::thread::LocalKey<Initialized>,
        storage: &'static ::std::thread::LocalKey<Storage<T>>,
        init: fn() -> T,
        id: &'static u8,
    ) -> Self {
        let native = Native::Lazy(initialized, storage);
        LocalKey { native, init, id }
    }

    /// Calls `f` with a reference to this thread's value, initializing the value first if necessary.
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

    /// Calls `f` with a reference to this thread's value, initializing the value first if necessary. Fails if the value is
    /// being destroyed or has been.
    ///
    /// # Errors
    ///
    /// Returns [`AccessError`] if the value is being destroyed or has been.
    #[inline]
    pub fn try_with<F, R>(&'static self, f: F) -> Result<R, AccessError>
    where
        F: FnOnce(&T) -> R,
    {
        local::with(
            f,
            |locals, f| Ok(f(&*self.find(locals, self.init)?)),
            |f| self.native.try_with(self.init, f),
        )
    }

    /// Initializes this thread's value with `value`, instead of the declared expression, if it is uninitialized; otherwise
    /// calls `replace` with the current value and `value`.
    #[inline]
    #[track_caller]
    fn set_or_with(&'static self, value: T, replace: fn(&T, T)) {
        let set = local::with(
            value,
            |locals, value| {
                let mut value = Some(value);
                let init = || value.take().expect("a value is initialized once");
                let found = self.find(locals, init)?;
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
        init: impl FnOnce() -> T,
    ) -> Result<std::rc::Rc<T>, AccessError> {
        let address = std::ptr::from_ref(self.id).addr();
        locals.get(address, init).map_err(|Destroyed| AccessError)
    }
}

impl<T: 'static> LocalKey<Cell<T>> {
    /// Sets this thread's value. If it is uninitialized, the declared expression is not evaluated.
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

    /// Takes this thread's value and replaces it with the default.
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

    /// Replaces this thread's value and returns the previous one.
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
    /// Calls `f` with a shared reference to the content of this thread's `RefCell`.
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

    /// Calls `f` with a mutable reference to the content of this thread's `RefCell`.
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

    /// Sets this thread's value. If it is uninitialized, the declared expression is not evaluated.
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

    /// Takes this thread's value and replaces it with the default.
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

    /// Replaces this thread's value and returns the previous one.
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

/// Declares thread-local keys of type [`LocalKey`], with a separate value for each thread, native or green.
///
/// # Differences from std
///
/// The keys have greenpatch's type [`LocalKey`]. The macro accepts the same syntax as std's.
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
        $crate::__thread_local! { lazy [$(#[$attribute])*] [$vis] $name [$type] $init }
        $($crate::thread_local! { $($rest)* })?
    };
}

/// Expands to one key of [`thread_local!`](crate::thread_local).
#[doc(hidden)]
#[macro_export]
macro_rules! __thread_local {
    (constant [$($attribute:tt)*] [$vis:vis] $name:ident [$type:ty] $init:block) => {
        $($attribute)*
        $vis const $name: $crate::thread::LocalKey<$type> = {
            $crate::__std::thread_local! { static __GREENPATCH_NATIVE: $type = const $init; }
            static __GREENPATCH_ID: $crate::__std::primitive::u8 = 0;
            fn __greenpatch_init() -> $type {
                $init
            }
            $crate::thread::LocalKey::__constant(
                &__GREENPATCH_NATIVE,
                __greenpatch_init,
                &__GREENPATCH_ID,
            )
        };
    };
    (lazy [$($attribute:tt)*] [$vis:vis] $name:ident [$type:ty] $init:expr) => {
        $($attribute)*
        $vis const $name: $crate::thread::LocalKey<$type> = {
            $crate::__std::thread_local! {
                static __GREENPATCH_INITIALIZED: $crate::thread::__Initialized = const { $crate::thread::__Initialized::new() };
                static __GREENPATCH_STORAGE: $crate::thread::__Storage<$type> =
                    const { $crate::thread::__Storage::new() };
            }
            static __GREENPATCH_ID: $crate::__std::primitive::u8 = 0;
            fn __greenpatch_init() -> $type {
                $init
            }
            $crate::thread::LocalKey::__lazy(
                &__GREENPATCH_INITIALIZED,
                &__GREENPATCH_STORAGE,
                __greenpatch_init,
                &__GREENPATCH_ID,
            )
        };
    };
}
