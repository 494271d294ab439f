//! The patch table: slots, the registry of what is linked in, and the protocol that patches.
//!
//! Layer: patch, the lowest beside `coroutine` and `reactor`.
//! Called by: expansions, through `private`; `seam`, `thread`, `green`, `inspect`; the user's own patches.
//! Calls: `inventory`, `log`, the OS for the claim, and of this crate only `refused` and `frame`.
//! Never: knows a thread, a hub or a lock of this crate.
//!
//! ```text
//!  protocol   patch_all and the like: plans, asks, replaces, notifies
//!     │
//!  lookup     resolves names to patch points and source modules
//!     │
//!  events     the events, subscribers and plugins; settings and reports
//!     │
//!  table      slots, replacements, and what is replaced now
//! ```
//!
//! Imports go downwards only. `feature` is below `table`, `error` above `events`; `claim` imports none of them.

mod claim;
mod error;
pub mod events;
mod feature;
mod lookup;
mod protocol;
mod table;

#[cfg(test)]
mod tests;

pub(crate) use events::outlets;
pub(crate) use feature::ThreadOption;
pub(crate) use lookup::source;
pub(crate) use protocol::deliver::announce;
pub(crate) use table::scheduler::{Scheduler, set_scheduler};
pub(crate) use table::{ScopeHandle, generic_slot, registry, replacement, scope, slot};

pub use error::PatchError;
pub use events::deadlock::Deadlock;
pub use events::listen::Listen;
pub use events::plugin::{Plugin, plugins};
pub use events::report::{FeatureReport, ModuleReport, Patched, Report};
pub use events::settings::Settings;
pub use events::thread_options::ThreadOptions;
pub use events::veto::{CancelledBy, DoNotPatch};
pub use events::workers::{ParseWorkersError, Workers};
pub use feature::Feature;
pub use lookup::point::Point;
pub use lookup::points::{PatchPointInfo, PatchPoints, PatchState, patch_points};
pub use lookup::query::{
    Coverage, is_anything_patched, is_item_patched, is_module_patched, original,
};
pub use lookup::resolve::Named;
pub use lookup::source::{DidHook, Source, WillHook, sources};
pub use protocol::patch_feature::{
    patch_dns, patch_fs, patch_libc, patch_net, patch_process, patch_stdio, patch_thread,
    patch_time,
};
pub use protocol::patch_module::{patch_item, patch_module, patch_module_items};
pub use protocol::patcher::{Patcher, ThreadChoice, patch_all};
pub use protocol::restore::{restore, restore_item, restore_module};
pub use slot::{Site, Slot};
pub use table::scope::{Overrides, native, override_item};
