//! A replacement: a function for one slot, its type checked when it was compiled.
//!
//! Invariant 1: the function of a [`Replacement`] was made from an `F` of the slot that it is for.
#![allow(unsafe_code)]

use std::fmt;

use super::generic_slot::{Entry, Instance};
use super::slot::{self, Erased, RawSlot, Site, Slot};
use crate::patch::feature::ThreadOption;

/// A function to be stored in one slot, its type checked when it was compiled.
#[derive(Clone, Copy)]
pub struct Replacement {
    target: Target,
    function: Erased,
    site: Site,
    option: Option<ThreadOption>,
    steady: bool,
    known: Option<Known>,
}

/// The names in std by which users know a patch point of greenpatch's own.
#[derive(Clone, Copy)]
pub(crate) struct Known {
    /// Those that are listed. One that has none is internal: hooks and choices of items do not reach it.
    pub(crate) shown: &'static [&'static str],
    /// Those that are found as well.
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
    /// Its slot is made when it is first asked for.
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

    /// The same for a slot whose type was found at run time.
    ///
    /// # Safety
    ///
    /// `F` is the function pointer type of that slot.
    pub(crate) unsafe fn of_raw<F: Copy>(raw: &'static RawSlot, function: F, site: Site) -> Self {
        // SAFETY: the caller promises that `F` is a function pointer type.
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

    /// The same for an instantiation of a generic function; `function` was made from its `F`.
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

    /// Leaves it out where that option of `patch_thread` is off.
    #[must_use]
    pub(crate) const fn under(mut self, option: ThreadOption) -> Self {
        self.option = Some(option);
        self
    }

    /// Gives it the names by which users know the patch point.
    #[must_use]
    pub(crate) const fn known_as(mut self, known: Known) -> Self {
        self.known = Some(known);
        self
    }

    /// Keeps it in force inside `native`: it does not block, it says what belongs to the thread.
    #[must_use]
    pub(crate) const fn steady(mut self) -> Self {
        self.steady = true;
        self
    }

    /// Whether it is in force inside `native` too.
    pub(crate) const fn is_steady(&self) -> bool {
        self.steady
    }

    /// The slot that it is for.
    pub fn raw(&self) -> &'static RawSlot {
        match self.target {
            Target::Slot(raw) => raw,
            Target::Instance(entry) => entry.raw(),
        }
    }

    /// The slot that it is for, unless that is of an instantiation that nobody ever asked for.
    pub(crate) fn made_raw(&self) -> Option<&'static RawSlot> {
        match self.target {
            Target::Slot(raw) => Some(raw),
            Target::Instance(entry) => entry.made(),
        }
    }

    /// The module of the patch point.
    pub(crate) fn module(&self) -> &'static str {
        match self.target {
            Target::Slot(raw) => raw.site().module,
            Target::Instance(entry) => entry.generic_site().module,
        }
    }

    /// The function, made from an `F` of that slot.
    pub(crate) const fn function(&self) -> Erased {
        self.function
    }

    /// Whether it is this very replacement.
    pub(crate) fn is_same(&self, other: &Replacement) -> bool {
        // Where two functions are one address, the sites tell them apart.
        self.function as usize == other.function as usize && self.site == other.site
    }

    /// Where the replacement was written, and its name.
    pub const fn site(&self) -> Site {
        self.site
    }

    /// The option of `patch_thread` that selects it.
    pub(crate) const fn option(&self) -> Option<ThreadOption> {
        self.option
    }

    /// The names of the patch point in its module; none if it is internal.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> + use<> {
        let (shown, own) = match self.known {
            Some(known) => (known.shown, None),
            None => (&[] as &[_], Some(self.raw().site().name)),
        };
        own.into_iter().chain(shown.iter().copied())
    }

    /// The names in std by which users know the patch point, if it is one of greenpatch's own.
    pub(crate) const fn known(&self) -> Option<Known> {
        self.known
    }

    /// Whether it is called so in its module, and may be chosen, or left out, by itself.
    pub(crate) fn is_choice(&self, item: &str) -> bool {
        match self.known {
            Some(known) => !self.is_internal() && known.is_called(item),
            None => self.raw().site().name == item,
        }
    }

    /// Whether it is for greenpatch alone to replace, together with the rest of its module.
    pub(crate) const fn is_internal(&self) -> bool {
        match self.known {
            Some(known) => known.shown.is_empty(),
            None => false,
        }
    }
}

impl<F: Copy, D: ?Sized> Slot<F, D> {
    /// Itself, where a path is to name a patch point and nothing else.
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
        // SAFETY: by invariant 3 of `generic_slot` `F` is a function pointer type.
        Replacement::of_instance(self.entry(), unsafe { slot::erase(function) }, site)
    }
}

impl fmt::Debug for Replacement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}

inventory::collect!(Replacement);

/// The replacements that stand in no source module.
pub(crate) fn loose() -> impl Iterator<Item = &'static Replacement> {
    inventory::iter::<Replacement>.into_iter()
}
