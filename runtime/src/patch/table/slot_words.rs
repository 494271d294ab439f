//! The two words of a slot, and the order in which they are written and read.
//!
//! Writers hold the table's lock; readers hold no lock. A caller that reads the trampoline from
//! `current` then reads `global`, so `global` is written first.
//!
//! loom checks the orderings, with its own type of word: see `models`.
#![cfg_attr(not(loom), forbid(unsafe_code))]

use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

#[cfg(all(test, loom))]
mod models;

/// An atomic pointer: std's, or loom's in a model.
pub(crate) trait Word {
    fn load(&self, ordering: Ordering) -> *mut ();
    fn store(&self, pointer: *mut (), ordering: Ordering);
}

impl Word for AtomicPtr<()> {
    #[inline(always)]
    fn load(&self, ordering: Ordering) -> *mut () {
        self.load(ordering)
    }

    #[inline(always)]
    fn store(&self, pointer: *mut (), ordering: Ordering) {
        self.store(pointer, ordering);
    }
}

/// The function that a call runs, and the function that runs where no scope overrides it. Null is the original.
#[derive(Debug)]
pub(crate) struct Words<W = AtomicPtr<()>> {
    current: W,
    global: W,
}

impl Words {
    /// Creates words that both stand for the original.
    pub(crate) const fn new() -> Self {
        Words {
            current: AtomicPtr::new(ptr::null_mut()),
            global: AtomicPtr::new(ptr::null_mut()),
        }
    }
}

impl<W: Word> Words<W> {
    #[inline(always)]
    pub(crate) fn current(&self) -> *mut () {
        // Pairs with the release in `place`: a call that reads the stored function also sees what the patching thread
        // did before, including its store to `global`.
        self.current.load(Ordering::Acquire)
    }

    /// Returns whether a call runs the original. If not, the caller reads `current` next.
    #[inline(always)]
    pub(crate) fn is_original(&self) -> bool {
        // Relaxed, because nothing is read through the pointer.
        self.current.load(Ordering::Relaxed).is_null()
    }

    #[inline(always)]
    pub(crate) fn global(&self) -> *mut () {
        // Pairs with the release in `set_global`, for a caller that reads this by way of a trampoline which
        // another thread stored earlier.
        self.global.load(Ordering::Acquire)
    }

    /// Sets the function that runs where no scope overrides it. The caller calls `place` next.
    pub(crate) fn set_global(&self, function: *mut ()) {
        // Pairs with the acquire in `global`.
        self.global.store(function, Ordering::Release);
    }

    /// Sets the function that a call runs: the trampoline if one is given, otherwise `global`.
    pub(crate) fn place(&self, trampoline: Option<*mut ()>) {
        let function = trampoline.unwrap_or_else(|| self.global());
        // Pairs with the acquire in `current`.
        self.current.store(function, Ordering::Release);
    }
}
