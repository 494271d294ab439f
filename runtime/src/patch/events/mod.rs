//! What is announced while patching, and how to listen.
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
//! [`DoNotPatch`] at a will stage cancels, and no further stage is asked. At a did stage it comes too late: the
//! others are told all the same, `patch_all` goes on with the next feature, and at its end the call
//! fails. A panic of a did stage is passed on at the end, likewise.
//!
//! A did stage may patch. `patch_all` in a did stage of `patch_all` patches what it asks for beyond the outer call;
//! where that is nothing, it returns [`AlreadyPatched`](crate::Patched::AlreadyPatched).
//!
//! Layer: patch, above `table`.
//! Called by: `lookup`, `protocol`.
//! Calls: `table`, `log`.
//! Never: patches anything.

pub(crate) mod event;
pub(crate) mod feature_set;
pub(crate) mod plugin;
pub(crate) mod report;
pub(crate) mod settings;
pub(crate) mod subscribers;
pub(crate) mod thread_options;
pub(crate) mod veto;
pub(crate) mod warnings;

pub use event::{
    DidPatchAll, DidPatchBuiltinModules, DidPatchModule, WillPatchAll, WillPatchModule,
};
pub use subscribers::{
    Subscription, on_did_patch_all, on_did_patch_builtin_modules, on_did_patch_module,
    on_will_patch_all, on_will_patch_module,
};
