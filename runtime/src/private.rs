//! Every name that generated code may use. Not part of the public interface.
//!
//! Layer: beside the table of patch points. Called by: expansions of the macros. Calls: `patch`.
//! Never: named by people.

pub use ::inventory;
pub use ::std as core_std;
pub use ::std::option::Option::{None, Some};

pub use crate::patch::registry::{PassedOver, PatchPoint, Replacement};
pub use crate::patch::slot::{Scoped, Site, Slot};
