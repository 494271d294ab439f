//! The declarations of the crates that are linked into the program: patch points, and functions that were passed over.
//! Expansions submit them through `inventory`.
#![forbid(unsafe_code)]

use super::slot::{RawSlot, Site};

/// A function that dispatches through a slot.
pub struct PatchPoint {
    raw: &'static RawSlot,
}

impl PatchPoint {
    /// Declares the patch point with the slot `raw`.
    pub const fn new(raw: &'static RawSlot) -> Self {
        PatchPoint { raw }
    }

    /// Returns the slot.
    pub const fn raw(&self) -> &'static RawSlot {
        self.raw
    }
}

/// A function in an annotated item that is not a patch point.
pub struct PassedOver {
    site: Site,
    reason: &'static str,
}

impl PassedOver {
    /// Declares that the function at `site` is not a patch point, and why.
    pub const fn new(site: Site, reason: &'static str) -> Self {
        PassedOver { site, reason }
    }

    /// Returns the place where the function is written, and its name.
    pub const fn site(&self) -> Site {
        self.site
    }

    /// Returns why the function is not a patch point.
    pub const fn reason(&self) -> &'static str {
        self.reason
    }
}

inventory::collect!(PatchPoint);
inventory::collect!(PassedOver);
