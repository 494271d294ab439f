//! Every name that generated code may use. Not part of the public interface.
//!
//! Layer: beside the table of patch points. Called by: expansions of the macros. Calls: `patch`.
//! Never: named by people.

pub use ::inventory;
pub use ::std::convert::Infallible;
pub use ::std::marker::{PhantomData, Send, Sized, Sync};
pub use ::std::ops::Fn;
pub use ::std::option::Option::{None, Some};
pub use ::std::{file, line, module_path};

pub use crate::patch::generic::{GenericSlot, Instance};
pub use crate::patch::registry::{PassedOver, PatchPoint, Replacement};
pub use crate::patch::slot::{Scoped, Site, Slot};
pub use crate::patch::source::{Linked, Source};
pub use crate::patch::{DoNotPatch, events};

/// What a path resolves to when the function that it names has no slot.
#[derive(Clone, Copy, Debug)]
pub struct NoPatchPoint<P = ThisPath>(pub PhantomData<P>);

impl<P> NoPatchPoint<P> {
    /// Always an error, which says what to do.
    pub const fn replacement<F: Copy>(self, _: F, _: Site) -> Replacement
    where
        P: IsPatchPoint,
    {
        unreachable!()
    }

    /// Always an error, which says what to do.
    pub const fn handle(self) -> &'static Slot<fn(), dyn Fn()>
    where
        P: IsPatchPoint,
    {
        unreachable!()
    }
}

/// A path in `#[replaces(..)]`.
#[derive(Clone, Copy, Debug)]
pub enum ThisPath {}

/// Implemented by nothing.
#[diagnostic::on_unimplemented(
    message = "this path names no patch point",
    label = "not a patch point, or not visible from here",
    note = "put `#[patchable]` on the function, or on the `impl` or module that it is in",
    note = "if it is imported from elsewhere, write the path of the place where it is defined",
    note = "`greenpatch::patch_points()` lists the functions that were passed over, and why"
)]
pub trait IsPatchPoint {}
