//! The patch table: slots, the registry of what is linked in, and the protocol that patches.
//!
//! Layer: patch, the lowest beside `coroutine` and `reactor`.
//! Called by: expansions, through `private`; `seam`, `thread`, `green`; the user's own patches.
//! Calls: `inventory`, `log`, the OS for the claim, and of this crate only `refused`.
//! Never: knows a thread, a hub or a lock of this crate.
//!
//! ```text
//!  patcher ─▶ apply ─▶ plan ─▶ registry, source      what a call means, and may replace
//!               │
//!               ├───▶ deliver ─▶ events, plugin      who is asked and told
//!               └───▶ table ─▶ slot                  where it is replaced
//! ```

mod apply;
mod choices;
mod claim;
mod deliver;
mod environment;
mod error;
pub mod events;
pub(crate) mod generic;
mod names;
mod options;
mod outcome;
mod patcher;
mod plan;
mod plugin;
mod point;
mod points;
mod progress;
mod query;
pub(crate) mod registry;
pub(crate) mod scope;
pub(crate) mod slot;
pub(crate) mod source;
mod table;
mod turn;
mod undo;
mod unwind;
mod warnings;
mod words;

#[cfg(test)]
mod tests;

pub(crate) use options::ThreadOption;

pub use error::PatchError;
pub use names::Named;
pub use options::{Settings, ThreadOptions};
pub use outcome::{CancelledBy, DoNotPatch, FeatureReport, ModuleReport, Patched, Report};
pub use patcher::{
    Patcher, ThreadChoice, patch_all, patch_dns, patch_fs, patch_item, patch_module,
    patch_module_items, patch_net, patch_process, patch_stdio, patch_thread, patch_time,
};
pub use plugin::{Plugin, plugins};
pub use point::Point;
pub use points::{PatchPointInfo, PatchPoints, PatchState, patch_points};
pub use query::{Coverage, is_anything_patched, is_item_patched, is_module_patched, original};
pub use scope::{Overrides, native, override_item};
pub use slot::{Site, Slot};
pub use source::{DidHook, Feature, Source, WillHook, sources};
pub(crate) use undo::count_green_threads_with;
pub use undo::{restore, restore_item, restore_module};
pub(crate) use unwind::{Counter, count_panics_with};
