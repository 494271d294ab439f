//! The table: slots, the declarations for them, and their current contents.
//!
//! Layer: the lowest of `patch`.
//! Called by: the rest of `patch`, `private`, `seam`, `thread`, `green`.
//! Calls: `inventory`, and `patch::feature`.
//! Never: runs user code under its lock; knows the protocol.

pub(crate) mod entries;
pub(crate) mod generic_slot;
pub(crate) mod registry;
pub(crate) mod replacement;
pub(crate) mod scheduler;
pub(crate) mod scope;
mod scope_list;
pub(crate) mod slot;
mod slot_words;

pub(crate) use scope_list::ScopeHandle;
