//! The slot of a patch point: a typed, atomic function pointer.
//!
//! Invariants:
//! 1. `current` and `global` are null, or the bits of an `F` of the same slot: a pointer that is stored there
//!    was passed as an `F` in a typed value for this slot, or is its trampoline.
//! 2. `F` is a function pointer type: slots are built only by expansions, through the unsafe
//!    [`Slot::new`], which checks that its size is that of a pointer.
//! 3. `trampoline` contains the bits of the slot's own `F`, and is called only as that `F`.
//!
//! A caller on another thread sees either the old function or the new one. With the new one it also
//! sees everything that the patching thread did before it stored the function: see `slot_words`.
//!
//! ```text
//!  current        what a call runs                     global
//!  null           the original                         null
//!  replacement    the replacement                      the same
//!  trampoline     the scope's closure, else `global`,  null, or the replacement that the
//!                 else the original                    trampoline displaces
//! ```
#![allow(unsafe_code)]

use std::any::TypeId;
use std::fmt;
use std::hint;
use std::marker::PhantomData;
use std::mem;
use std::ptr;
use std::sync::Arc;

use super::slot_words::Words;

/// A type-erased function pointer. It is called only after [`restore`] has given its type back.
pub(crate) type Erased = unsafe fn();

/// The place where a function is written, and its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Site {
    /// The path of its module, in the form of `module_path!()`.
    pub module: &'static str,
    /// `f`, `Type::go` or `<Type as Trait>::go`.
    pub name: &'static str,
    /// The source file, in the form of `file!()`.
    pub file: &'static str,
    /// The line, counted from 1.
    pub line: u32,
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Site {
            module,
            name,
            file,
            line,
        } = self;
        write!(f, "{module}::{name} ({file}:{line})")
    }
}

/// The function that a trampoline calls.
pub enum Scoped<F, D: ?Sized> {
    /// The closure of the innermost scope that overrides the patch point.
    Closure(Arc<D>),
    /// The global replacement or the original, if no scope overrides the patch point.
    Pointer(F),
}

/// The part of a slot that does not depend on its type. Its address identifies the patch point.
#[derive(Debug)]
pub struct RawSlot {
    words: Words,
    trampoline: Erased,
    original: Erased,
    site: Site,
    type_id: TypeId,
    type_name: fn() -> &'static str,
}

impl RawSlot {
    /// Returns the place where the patch point is written, and its name.
    pub const fn site(&self) -> Site {
        self.site
    }

    /// Returns the type of the function pointer, in the form of `std::any::type_name`.
    pub fn type_name(&self) -> &'static str {
        (self.type_name)()
    }

    /// Returns the identity of the type of the function pointer, which distinguishes `for<'a> fn(&'a str)` from
    /// `fn(&'static str)`.
    pub(crate) const fn type_id(&self) -> TypeId {
        self.type_id
    }

    /// Returns the original function, erased from an `F` of this slot.
    pub(crate) const fn original(&self) -> Erased {
        self.original
    }

    /// Returns the function that a call runs, or `None` for the original.
    pub(crate) fn current(&self) -> Option<Erased> {
        function(self.words.current())
    }

    /// Returns the function that runs where no scope overrides it, or `None` for the original.
    pub(crate) fn global(&self) -> Option<Erased> {
        function(self.words.global())
    }

    /// Sets the function that runs where no scope overrides it. The caller calls [`place`](Self::place) next.
    ///
    /// # Safety
    ///
    /// `function` must be erased from an `F` of this slot.
    pub(crate) unsafe fn set_global(&self, function: Option<Erased>) {
        let bits = function.map_or(ptr::null_mut(), |function| function as *mut ());
        self.words.set_global(bits);
    }

    /// Sets the function that a call runs: the trampoline, which looks for a scope's closure, or else the function that
    /// runs where no scope overrides it.
    pub(crate) fn place(&self, looks_up: bool) {
        let trampoline = looks_up.then_some(self.trampoline as *mut ());
        self.words.place(trampoline);
    }
}

impl RawSlot {
    /// Returns whether this represents a generic function.
    pub(crate) fn is_generic(&self) -> bool {
        self.type_id == TypeId::of::<RawSlot>()
    }

    /// Creates the representative of a generic function. Its instantiations have the slots; it is never called.
    pub(crate) const fn of_generic(site: Site, type_name: fn() -> &'static str) -> Self {
        RawSlot {
            words: Words::new(),
            trampoline: nothing,
            original: nothing,
            site,
            // Not a function pointer type, so that a look-up by name and type cannot find and set it.
            type_id: const { TypeId::of::<RawSlot>() },
            type_name,
        }
    }
}

fn nothing() {}

/// Returns the function in a word of a slot.
#[inline(always)]
fn function(word: *mut ()) -> Option<Erased> {
    // SAFETY: by invariant 1 it is null or a function pointer, and `Option` of one has null for `None`.
    unsafe { mem::transmute::<*mut (), Option<Erased>>(word) }
}

/// Erases the type of a function pointer.
///
/// # Safety
///
/// `F` must be a function pointer type.
pub(crate) const unsafe fn erase<F: Copy>(function: F) -> Erased {
    const { assert!(mem::size_of::<F>() == mem::size_of::<Erased>()) };
    // SAFETY: the caller guarantees a function pointer. All function pointers have one size and are never null.
    unsafe { mem::transmute_copy::<F, Erased>(&function) }
}

/// Restores the type of a function pointer.
///
/// # Safety
///
/// `function` must be the result of [`erase`] for an `F`.
#[inline(always)]
pub(crate) const unsafe fn restore<F: Copy>(function: Erased) -> F {
    const { assert!(mem::size_of::<F>() == mem::size_of::<Erased>()) };
    // SAFETY: the caller guarantees that these are the bits of an `F`.
    unsafe { mem::transmute_copy::<Erased, F>(&function) }
}

/// The slot of a patch point with the function pointer type `F`. A scope overrides it with
/// an `Arc<D>`, where `D` is the trait object of the same signature.
pub struct Slot<F: 'static, D: ?Sized + 'static> {
    raw: RawSlot,
    original: F,
    /// Invariant in `F`: a slot of `for<'a> fn(&'a str)` must not coerce to a slot of `fn(&'static str)`,
    /// which can contain a function that callers of the former must not call.
    pointer: PhantomData<fn(F) -> F>,
    /// Invariant in `D`, so that a scope's closure is stored under the type by which calls look it up.
    scoped: PhantomData<fn(Box<D>) -> Box<D>>,
}

impl<F: Copy, D: ?Sized> Slot<F, D> {
    /// Creates the slot of a patch point that runs `original` until it is replaced.
    ///
    /// # Safety
    ///
    /// `F` must be a function pointer type.
    pub const unsafe fn new(original: F, trampoline: F, site: Site) -> Self {
        Slot {
            raw: RawSlot {
                words: Words::new(),
                // SAFETY: the caller guarantees that `F` is a function pointer type.
                trampoline: unsafe { erase(trampoline) },
                // SAFETY: the caller guarantees that `F` is a function pointer type.
                original: unsafe { erase(original) },
                site,
                type_id: const { TypeId::of::<F>() },
                type_name: std::any::type_name::<F>,
            },
            original,
            pointer: PhantomData,
            scoped: PhantomData,
        }
    }

    /// Returns the function to call instead of the original, if there is one.
    #[inline(always)]
    pub fn get(&self) -> Option<F> {
        let function = function(self.raw.words.current())?;
        // An unpatched function falls through.
        hint::cold_path();
        // SAFETY: by invariants 1 and 2 the stored function was erased from an `F`.
        Some(unsafe { restore(function) })
    }

    /// Returns the function or the scope's closure to call instead of the original, if there is one.
    #[inline(always)]
    pub fn here(&self) -> Option<Scoped<F, D>> {
        if self.raw.words.is_original() {
            return None;
        }
        self.here_and_now()
    }

    #[cold]
    fn here_and_now(&self) -> Option<Scoped<F, D>> {
        let current = self.raw.current()?;
        // Two of these that have the same address are the same function.
        let is = |function: Erased, other: Erased| function as usize == other as usize;
        if !is(current, self.raw.trampoline) {
            // SAFETY: by invariants 1 and 2 the stored function was erased from an `F`.
            return Some(Scoped::Pointer(unsafe { restore(current) }));
        }
        match self.scoped() {
            // SAFETY: by invariant 2 `F` is a function pointer type.
            Scoped::Pointer(function) if is(unsafe { erase(function) }, self.raw.original) => None,
            found => Some(found),
        }
    }

    /// Returns the original function.
    pub const fn original(&self) -> F {
        self.original
    }

    /// Returns the part that does not depend on the type.
    #[doc(hidden)]
    pub const fn raw(&self) -> &RawSlot {
        &self.raw
    }
}

#[cfg(test)]
mod tests;
