//! What the crates linked into this program have declared: patch points, functions that are none,
//! and replacements. Expansions submit them through `inventory`.
#![allow(unsafe_code)]

use super::slot::{self, Erased, RawSlot, Site, Slot};

/// A function that dispatches through a slot.
pub struct PatchPoint {
    raw: &'static RawSlot,
}

impl PatchPoint {
    /// Declares the patch point that `raw` is the slot of.
    pub const fn new(raw: &'static RawSlot) -> Self {
        PatchPoint { raw }
    }

    /// Its slot.
    pub const fn raw(&self) -> &'static RawSlot {
        self.raw
    }
}

/// A function in an annotated item that stayed as it was written.
pub struct PassedOver {
    site: Site,
    reason: &'static str,
}

impl PassedOver {
    /// Declares that the function at `site` is no patch point, for `reason`.
    pub const fn new(site: Site, reason: &'static str) -> Self {
        PassedOver { site, reason }
    }

    /// Where it is, and its name.
    pub const fn site(&self) -> Site {
        self.site
    }

    /// Why it is no patch point.
    pub const fn reason(&self) -> &'static str {
        self.reason
    }
}

/// A function to be stored in one slot, its type checked when it was compiled.
pub struct Replacement {
    raw: &'static RawSlot,
    function: Erased,
    site: Site,
}

impl Replacement {
    /// Declares `function`, written at `site`, a replacement for the patch point of `slot`.
    pub const fn new<F: Copy, D: ?Sized>(
        slot: &'static Slot<F, D>,
        function: F,
        site: Site,
    ) -> Self {
        Replacement {
            raw: slot.raw(),
            // SAFETY: by invariant 2 of `slot`, the `F` of a slot is a function pointer type.
            function: unsafe { slot::erase(function) },
            site,
        }
    }

    /// The slot that it is for.
    pub fn raw(&self) -> &'static RawSlot {
        self.raw
    }

    /// The function, made from an `F` of that slot.
    pub const fn function(&self) -> Erased {
        self.function
    }

    /// Where the replacement was written, and its name.
    pub const fn site(&self) -> Site {
        self.site
    }
}

inventory::collect!(PatchPoint);
inventory::collect!(PassedOver);
inventory::collect!(Replacement);
