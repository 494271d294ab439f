//! One patch point's entry in the table: a typed, atomic function pointer.
//!
//! Invariants:
//! 1. `current` and `global` are null, or the bits of an `F` of this very slot: what is stored there
//!    came in as an `F` through a typed value made for this slot, or is its trampoline.
//! 2. `F` is a function pointer type: slots are built by expansions alone, through the unsafe
//!    [`Slot::new`], and its size is checked there against a pointer's.
//! 3. `trampoline` holds the bits of the slot's own `F`, and is only ever called as that `F`.
//!
//! A caller on another thread sees the old function or the new one, never a mixture, and with the
//! new one all that the patching thread did before it stored it: see `words`.
//!
//! ```text
//!  current        what a call runs                     global
//!  null           the original                         null
//!  replacement    the replacement                      the same
//!  trampoline     the scope's closure, else `global`,  null, or the replacement that a scope
//!                 else the original                    hides from the slot
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

/// A function pointer of whatever type, to be called only after it was given its own type back.
pub(crate) type Erased = unsafe fn();

/// Where a patch point was written, and what it is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Site {
    /// Path of the module that holds it, as `module_path!()` says it.
    pub module: &'static str,
    /// `f`, `Type::go` or `<Type as Trait>::go`.
    pub name: &'static str,
    /// Source file, as `file!()` says it.
    pub file: &'static str,
    /// Line, counted from 1.
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

/// What a scoped override resolves to, for the trampoline to call.
pub enum Scoped<F, D: ?Sized> {
    /// The innermost scope's closure.
    Closure(Arc<D>),
    /// No scope overrides the point here: the global replacement, or the original.
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
    /// Where the patch point was written, and its name.
    pub const fn site(&self) -> Site {
        self.site
    }

    /// The type of the function pointer, as `std::any::type_name` says it.
    pub fn type_name(&self) -> &'static str {
        (self.type_name)()
    }

    /// The identity of the type of the function pointer, which tells `for<'a> fn(&'a str)` from
    /// `fn(&'static str)`.
    pub(crate) const fn type_id(&self) -> TypeId {
        self.type_id
    }

    /// The function as its author wrote it; made from an `F` of this slot.
    pub(crate) const fn original(&self) -> Erased {
        self.original
    }

    /// What a call runs now; `None` is the original.
    pub(crate) fn current(&self) -> Option<Erased> {
        function(self.words.current())
    }

    /// The replacement that is in force where no scope overrides it; `None` is the original.
    pub(crate) fn global(&self) -> Option<Erased> {
        function(self.words.global())
    }

    /// Sets what is run where no scope overrides the point. Followed by [`place`](Self::place).
    ///
    /// # Safety
    ///
    /// `function` was made from an `F` of this slot.
    pub(crate) unsafe fn set_global(&self, function: Option<Erased>) {
        let bits = function.map_or(ptr::null_mut(), |function| function as *mut ());
        self.words.set_global(bits);
    }

    /// Sets what a call runs: the trampoline, which looks for a scope's closure, or what is run
    /// where no scope overrides the point.
    pub(crate) fn place(&self, looks_up: bool) {
        let trampoline = looks_up.then_some(self.trampoline as *mut ());
        self.words.place(trampoline);
    }
}

impl RawSlot {
    /// Whether it stands for a generic function.
    pub(crate) fn is_generic(&self) -> bool {
        self.type_id == TypeId::of::<RawSlot>()
    }

    /// Stands for a generic function, whose instantiations have the slots. Nothing reads it.
    pub(crate) const fn of_generic(site: Site, type_name: fn() -> &'static str) -> Self {
        RawSlot {
            words: Words::new(),
            trampoline: nothing,
            original: nothing,
            site,
            // No function pointer type, so that nobody can ask for it by name and set it.
            type_id: const { TypeId::of::<RawSlot>() },
            type_name,
        }
    }
}

fn nothing() {}

/// What a word of a slot says.
#[inline(always)]
fn function(word: *mut ()) -> Option<Erased> {
    // SAFETY: by invariant 1 it is null or a function pointer, and `Option` of one has null for `None`.
    unsafe { mem::transmute::<*mut (), Option<Erased>>(word) }
}

/// Takes the type off a function pointer.
///
/// # Safety
///
/// `F` is a function pointer type.
pub(crate) const unsafe fn erase<F: Copy>(function: F) -> Erased {
    const { assert!(mem::size_of::<F>() == mem::size_of::<Erased>()) };
    // SAFETY: the caller promises a function pointer, and all are of one size and never null.
    unsafe { mem::transmute_copy::<F, Erased>(&function) }
}

/// Gives a function pointer its type back.
///
/// # Safety
///
/// `function` was made from an `F` by [`erase`].
#[inline(always)]
pub(crate) const unsafe fn restore<F: Copy>(function: Erased) -> F {
    const { assert!(mem::size_of::<F>() == mem::size_of::<Erased>()) };
    // SAFETY: the caller promises that these are the bits of an `F`.
    unsafe { mem::transmute_copy::<Erased, F>(&function) }
}

/// The entry of one patch point whose function pointer type is `F`. What overrides it in a scope is
/// an `Arc<D>`, where `D` is the trait object of the same signature.
pub struct Slot<F: 'static, D: ?Sized + 'static> {
    raw: RawSlot,
    original: F,
    /// Invariant in `F`: a slot of `for<'a> fn(&'a str)` must not pass for one of `fn(&'static str)`,
    /// in which something could be stored that the other's callers must not reach.
    pointer: PhantomData<fn(F) -> F>,
    /// Invariant in `D`, so that a scope's closure is stored under the type that calls look for.
    scoped: PhantomData<fn(Box<D>) -> Box<D>>,
}

impl<F: Copy, D: ?Sized> Slot<F, D> {
    /// Makes the slot of a patch point that runs `original` until it is set.
    ///
    /// # Safety
    ///
    /// `F` is a function pointer type.
    pub const unsafe fn new(original: F, trampoline: F, site: Site) -> Self {
        Slot {
            raw: RawSlot {
                words: Words::new(),
                // SAFETY: the caller promises that `F` is a function pointer type.
                trampoline: unsafe { erase(trampoline) },
                // SAFETY: the caller promises that `F` is a function pointer type.
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

    /// The function to call instead of the original, if there is one.
    #[inline(always)]
    pub fn get(&self) -> Option<F> {
        let function = function(self.raw.words.current())?;
        // What nobody has patched falls through.
        hint::cold_path();
        // SAFETY: by invariants 1 and 2 what is stored was made from an `F`.
        Some(unsafe { restore(function) })
    }

    /// The same, with a scope's closure found at once, and none if it comes down to the original.
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
        // Where two of these are one address, they are one function.
        let is = |function: Erased, other: Erased| function as usize == other as usize;
        if !is(current, self.raw.trampoline) {
            // SAFETY: by invariants 1 and 2 what is stored was made from an `F`.
            return Some(Scoped::Pointer(unsafe { restore(current) }));
        }
        match self.scoped() {
            // SAFETY: by invariant 2 `F` is a function pointer type.
            Scoped::Pointer(function) if is(unsafe { erase(function) }, self.raw.original) => None,
            found => Some(found),
        }
    }

    /// The function as its author wrote it.
    pub const fn original(&self) -> F {
        self.original
    }

    /// The part that does not depend on the type.
    #[doc(hidden)]
    pub const fn raw(&self) -> &RawSlot {
        &self.raw
    }
}

#[cfg(test)]
mod tests;
