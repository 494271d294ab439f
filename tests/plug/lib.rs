//! A crate that brings a plugin, a patch point and a replacement along, for tests across crates.
#![forbid(unsafe_code)]

use greenpatch::{DoNotPatch, Plugin, patchable, replaces};

/// What is patched.
#[patchable]
pub mod lamp {
    /// Whether it is on.
    #[must_use]
    pub fn is_on() -> bool {
        false
    }
}

/// What has a method of a trait to patch.
#[patchable]
pub mod bulb {
    /// Says whether it gives light.
    pub trait Lit {
        /// Whether it does.
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

/// What it is patched with.
#[replaces(lamp)]
pub mod green_lamp {
    /// It is.
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
