//! What the crates linked into this program have declared: patch points, and functions that are none.
//! Expansions submit them through `inventory`.
#![forbid(unsafe_code)]

use super::slot::{RawSlot, Site};

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

inventory::collect!(PatchPoint);
inventory::collect!(PassedOver);
