//! The events that patching announces, and how to subscribe to them.
//!
//! For each feature, in this order:
//!
//! 1. for each of its modules: the source module's will hook, then [`WillPatchModule`] to subscribers
//!    in the order in which they subscribed, then to plugins in the order of their names;
//! 2. all items are replaced at once;
//! 3. for each of its modules: the did hook, then [`DidPatchModule`] likewise.
//!
//! `patch_all` announces [`WillPatchAll`] before the first feature, [`DidPatchBuiltinModules`] after
//! the built-in ones, and [`DidPatchAll`] at the end.
//!
//! [`DoNotPatch`](crate::DoNotPatch) at a will stage cancels, and no further stage is called. At a did stage it is too
//! late: the other did stages are still called, `patch_all` continues with the next feature, and finally the call
//! fails. A panic of a did stage is likewise resumed at the end.
//!
//! Two events have nothing to do with patching: [`HubBlocked`] is what a monitor reports, and [`CycleFound`] what a check for
//! cycles does.
//!
//! A did stage may patch. `patch_all` in a did stage of `patch_all` patches what it asks for beyond the outer call;
//! if that is nothing, it returns [`AlreadyPatched`](crate::Patched::AlreadyPatched).

// Layer: patch, above `table`.
// Called by: `error`, `lookup`, `protocol`.
// Calls: `table`, `feature`, `inventory`, `log`, `tracing`.
// Never: patches anything.

pub(crate) mod cycle_found;
pub(crate) mod deadlock;
pub(crate) mod event;
pub(crate) mod feature_set;
pub(crate) mod hub_blocked;
pub(crate) mod listen;
pub(crate) mod outlets;
pub(crate) mod plugin;
pub(crate) mod report;
pub(crate) mod settings;
pub(crate) mod subscribers;
pub(crate) mod thread_options;
pub(crate) mod veto;
pub(crate) mod warnings;
pub(crate) mod workers;

pub use cycle_found::{CycleFound, CycleThread};
pub use event::{
    DidPatchAll, DidPatchBuiltinModules, DidPatchModule, WillPatchAll, WillPatchModule,
};
pub use hub_blocked::HubBlocked;
pub use subscribers::{
    Subscription, on_cycle_found, on_did_patch_all, on_did_patch_builtin_modules,
    on_did_patch_module, on_hub_blocked, on_will_patch_all, on_will_patch_module,
};
