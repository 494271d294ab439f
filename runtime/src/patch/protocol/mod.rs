//! The protocol: what a call replaces, which hooks and subscribers it calls, and in which order.
//!
//! Layer: the highest of `patch`.
//! Called by: users, through the root of the crate.
//! Calls: `table`, `events`, `lookup`.
//! Never: holds a lock while user code runs.
//!
//! ```text
//!  patcher, patch_feature, patch_module ─▶ apply ─▶ plan ─▶ lookup     what a call would replace
//!                                            │
//!                                            ├────▶ deliver ─▶ events  which functions are called
//!                                            └────▶ table              where items are replaced
//! ```

mod apply;
pub(crate) mod deliver;
mod panics;
pub(crate) mod patch_feature;
pub(crate) mod patch_module;
pub(crate) mod patcher;
mod plan;
mod progress;
pub(crate) mod restore;
mod turn;
