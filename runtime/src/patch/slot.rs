//! One patch point's entry in the table: a typed, atomic function pointer.
//!
//! Invariants:
//! 1. `current` is null, or the bits of an `F` that was stored by [`Slot::set`] of this very slot.
//! 2. `F` is a function pointer type: slots are built by expansions alone, through the unsafe
//!    [`Slot::new`], and its size is checked there against a pointer's.
//!
//! A caller on another thread sees the old function or the new one, never a mixture. The store is a
//! release and the load an acquire, so what the patching thread did before it stored a replacement
//! is seen by every call that takes that replacement.
#![allow(unsafe_code)]

use std::marker::PhantomData;
use std::mem;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicPtr, Ordering};

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
    current: AtomicPtr<()>,
    site: Site,
    type_name: fn() -> &'static str,
}

/// The entry of one patch point whose function pointer type is `F`. What overrides it in a scope is
/// an `Arc<D>`, where `D` is the trait object of the same signature.
pub struct Slot<F: 'static, D: ?Sized + 'static> {
    raw: RawSlot,
    original: F,
    trampoline: F,
    scoped: PhantomData<fn(&D)>,
}

impl<F: Copy, D: ?Sized> Slot<F, D> {
    /// Makes the slot of a patch point that runs `original` until it is set.
    ///
    /// # Safety
    ///
    /// `F` is a function pointer type.
    pub const unsafe fn new(original: F, trampoline: F, site: Site) -> Self {
        const { assert!(mem::size_of::<F>() == mem::size_of::<*mut ()>()) };
        Slot {
            raw: RawSlot {
                current: AtomicPtr::new(ptr::null_mut()),
                site,
                type_name: std::any::type_name::<F>,
            },
            original,
            trampoline,
            scoped: PhantomData,
        }
    }

    /// The function to call instead of the original, if there is one.
    #[inline(always)]
    pub fn get(&self) -> Option<F> {
        let current = self.raw.current.load(Ordering::Acquire);
        if current.is_null() {
            None
        } else {
            // SAFETY: by invariants 1 and 2 these are the bits of an `F`, which is as large as a pointer.
            Some(unsafe { mem::transmute_copy::<*mut (), F>(&current) })
        }
    }

    /// The function as its author wrote it.
    pub const fn original(&self) -> F {
        self.original
    }

    /// The part that does not depend on the type.
    pub const fn raw(&self) -> &RawSlot {
        &self.raw
    }
}
