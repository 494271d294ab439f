//! A replacement: a function for one slot, with a type that was checked at compile time.
//!
//! Invariant 1: the function of a [`Replacement`] was erased from an `F` of the slot that it is for.
#![allow(unsafe_code)]

use std::fmt;

use super::generic_slot::{Entry, Instance};
use super::slot::{self, Erased, RawSlot, Site, Slot};
use crate::patch::feature::ThreadOption;

/// A function to be stored in one slot, with a type that was checked at compile time.
#[derive(Clone, Copy)]
pub struct Replacement {
    target: Target,
    function: Erased,
    site: Site,
    option: Option<ThreadOption>,
    steady: bool,
    known: Option<Known>,
}

/// The names of a built-in patch point: the functions of std that block by it.
#[derive(Clone, Copy)]
pub(crate) struct Known {
    /// The names that are listed. A patch point without any is internal: hooks and choices of items do not affect it.
    pub(crate) shown: &'static [&'static str],
    /// Further names by which it is found.
    pub(crate) also: &'static [&'static str],
}

impl Known {
    fn is_called(&self, item: &str) -> bool {
        self.shown.contains(&item) || self.also.contains(&item)
    }
}

#[derive(Clone, Copy)]
enum Target {
    Slot(&'static RawSlot),
    /// An instantiation. Its slot is created when it is first needed.
    Instance(Entry),
}

impl Replacement {
    /// Declares `function`, written at `site`, a replacement for the patch point of `slot`.
    pub const fn new<F: Copy, D: ?Sized>(
        slot: &'static Slot<F, D>,
        function: F,
        site: Site,
    ) -> Self {
        Replacement {
            target: Target::Slot(slot.raw()),
            // SAFETY: by invariant 2 of `slot`, the `F` of a slot is a function pointer type.
            function: unsafe { slot::erase(function) },
            site,
            option: None,
            steady: false,
            known: None,
        }
    }

    /// Declares `function` a replacement for a slot with a type that was checked at run time.
    ///
    /// # Safety
    ///
    /// `F` must be the function pointer type of that slot.
    pub(crate) unsafe fn of_raw<F: Copy>(raw: &'static RawSlot, function: F, site: Site) -> Self {
        // SAFETY: the caller guarantees that `F` is a function pointer type.
        let function = unsafe { slot::erase(function) };
        Replacement {
            target: Target::Slot(raw),
            function,
            site,
            option: None,
            steady: false,
            known: None,
        }
    }

    /// Declares `function`, which was erased from its `F`, a replacement for an instantiation of a generic function.
    const fn of_instance(entry: Entry, function: Erased, site: Site) -> Self {
        Replacement {
            target: Target::Instance(entry),
            function,
            site,
            option: None,
            steady: false,
            known: None,
        }
    }

    /// Makes the replacement depend on an option of `patch_thread`.
    #[must_use]
    pub(crate) const fn under(mut self, option: ThreadOption) -> Self {
        self.option = Some(option);
        self
    }

    /// Sets the names of the built-in patch point.
    #[must_use]
    pub(crate) const fn known_as(mut self, known: Known) -> Self {
        self.known = Some(known);
        self
    }

    /// Makes the replacement apply inside `native` too: it does not block, but returns what belongs to the running thread.
    #[must_use]
    pub(crate) const fn steady(mut self) -> Self {
        self.steady = true;
        self
    }

    /// Returns whether the replacement applies inside `native` too.
    pub(crate) const fn is_steady(&self) -> bool {
        self.steady
    }

    /// Returns the slot that it is for.
    pub fn raw(&self) -> &'static RawSlot {
        match self.target {
            Target::Slot(raw) => raw,
            Target::Instance(entry) => entry.raw(),
        }
    }

    /// Returns the slot that it is for, unless it belongs to an instantiation and was not created.
    pub(crate) fn made_raw(&self) -> Option<&'static RawSlot> {
        match self.target {
            Target::Slot(raw) => Some(raw),
            Target::Instance(entry) => entry.made(),
        }
    }

    /// Returns the module of the patch point.
    pub(crate) fn module(&self) -> &'static str {
        match self.target {
            Target::Slot(raw) => raw.site().module,
            Target::Instance(entry) => entry.generic_site().module,
        }
    }

    /// Returns the function, erased from an `F` of that slot.
    pub(crate) const fn function(&self) -> Erased {
        self.function
    }

    /// Returns whether both are the same replacement.
    pub(crate) fn is_same(&self, other: &Replacement) -> bool {
        // Two functions may have one address; their sites differ.
        self.function as usize == other.function as usize && self.site == other.site
    }

    /// Returns the place where the replacement is written, and its name.
    pub const fn site(&self) -> Site {
        self.site
    }

    /// Returns the option of `patch_thread` that it depends on.
    pub(crate) const fn option(&self) -> Option<ThreadOption> {
        self.option
    }

    /// Returns the names of the patch point in its module, of which an internal one has none.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> + use<> {
        let (shown, own) = match self.known {
            Some(known) => (known.shown, None),
            None => (&[] as &[_], Some(self.raw().site().name)),
        };
        own.into_iter().chain(shown.iter().copied())
    }

    /// Returns the names of the patch point, if it is built in.
    pub(crate) const fn known(&self) -> Option<Known> {
        self.known
    }

    /// Returns whether the patch point has that name in its module, and can be chosen or left out by it.
    pub(crate) fn is_choice(&self, item: &str) -> bool {
        match self.known {
            Some(known) => !self.is_internal() && known.is_called(item),
            None => self.raw().site().name == item,
        }
    }

    /// Returns whether only greenpatch replaces it, together with the rest of its module.
    pub(crate) const fn is_internal(&self) -> bool {
        match self.known {
            Some(known) => known.shown.is_empty(),
            None => false,
        }
    }
}

impl<F: Copy, D: ?Sized> Slot<F, D> {
    /// Returns the slot. Expansions call this method to require that a path names a patch point.
    #[doc(hidden)]
    pub const fn handle(&'static self) -> &'static Self {
        self
    }

    /// Declares `function`, written at `site`, a replacement for this patch point.
    #[doc(hidden)]
    pub const fn replacement(&'static self, function: F, site: Site) -> Replacement {
        Replacement::new(self, function, site)
    }
}

impl<F: Copy + 'static, D: ?Sized + 'static> Instance<F, D> {
    /// Declares `function`, written at `site`, a replacement for this instantiation.
    #[doc(hidden)]
    pub const fn replacement(self, function: F, site: Site) -> Replacement {
        // SAFETY: by invariant 3 of `generic_slot`, `F` is a function pointer type.
        Replacement::of_instance(self.entry(), unsafe { slot::erase(function) }, site)
    }
}

impl fmt::Debug for Replacement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}

inventory::collect!(Replacement);

/// Returns the replacements that are outside source modules.
pub(crate) fn loose() -> impl Iterator<Item = &'static Replacement> {
    inventory::iter::<Replacement>.into_iter()
}
