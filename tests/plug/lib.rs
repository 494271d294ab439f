//! A crate with a plugin, a patch point and a replacement, for tests across crates.
#![forbid(unsafe_code)]

use greenpatch::{DoNotPatch, Plugin, patchable, replaces};

/// The module that is patched.
#[patchable]
pub mod lamp {
    /// Returns whether the lamp is on.
    #[must_use]
    pub fn is_on() -> bool {
        false
    }
}

/// A module with a trait method to patch.
#[patchable]
pub mod bulb {
    /// A thing that may give light.
    pub trait Lit {
        /// Returns whether it gives light.
        fn is_lit(&self) -> bool;
    }

    /// Gives light by itself.
    #[derive(Clone, Copy, Debug)]
    pub struct Bulb;

    impl Lit for Bulb {
        fn is_lit(&self) -> bool {
            true
        }
    }
}

/// The replacement for `lamp`.
#[replaces(lamp)]
pub mod green_lamp {
    /// Returns true.
    #[must_use]
    pub fn is_on() -> bool {
        true
    }
}

greenpatch::plugin! {
    Plugin::new("plug").will_patch_module(|event| {
        if event.module().ends_with("::forbidden") {
            return Err(DoNotPatch::because("a crate that is linked in forbids it"));
        }
        Ok(())
    })
}
