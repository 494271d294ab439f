//! The two words of a slot, and in which order they are written and read.
//!
//! Writers hold the table's lock; readers hold nothing. A caller that finds the trampoline in
//! `current` goes on to `global`, so what `global` says is written first.
//!
//! The orderings are checked by loom, with its own kind of word: see `models`.
#![cfg_attr(not(loom), forbid(unsafe_code))]

use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

#[cfg(all(test, loom))]
mod models;

/// An atomic pointer: the processor's, or loom's in a model.
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

/// What a call runs, and what it runs where no scope says otherwise; null is the original.
#[derive(Debug)]
pub(crate) struct Words<W = AtomicPtr<()>> {
    current: W,
    global: W,
}

impl Words {
    /// The original is run.
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
        // Partner of the release in `place`: what the patching thread did before is seen by every
        // call that takes what it stored, and so is the `global` that it stored before.
        self.current.load(Ordering::Acquire)
    }

    /// Whether a call runs the original, for a caller that reads `current` if it does not.
    #[inline(always)]
    pub(crate) fn is_original(&self) -> bool {
        // Nothing is read through it, so it needs no partner.
        self.current.load(Ordering::Relaxed).is_null()
    }

    #[inline(always)]
    pub(crate) fn global(&self) -> *mut () {
        // Partner of the release in `set_global`, for a caller that comes by the trampoline which
        // somebody else stored earlier.
        self.global.load(Ordering::Acquire)
    }

    /// Sets what is run where no scope says otherwise. Followed by `place`.
    pub(crate) fn set_global(&self, function: *mut ()) {
        // Partner of the acquire in `global`.
        self.global.store(function, Ordering::Release);
    }

    /// Sets what a call runs: the trampoline, if there is one to be asked, else `global`.
    pub(crate) fn place(&self, trampoline: Option<*mut ()>) {
        let function = trampoline.unwrap_or_else(|| self.global());
        // Partner of the acquire in `current`.
        self.current.store(function, Ordering::Release);
    }
}
