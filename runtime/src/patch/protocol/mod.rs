//! The protocol: what a call would replace, which hooks and subscribers are asked and told, and in which order.
//!
//! Layer: the highest of `patch`.
//! Called by: users, through the root of the crate.
//! Calls: `table`, `events`, `lookup`.
//! Never: holds a lock while user code runs.
//!
//! ```text
//!  patcher ─▶ apply ─▶ plan ─▶ lookup          what a call means, and may replace
//!               │
//!               ├───▶ deliver ─▶ events        what is asked and told
//!               └───▶ table                    where it is replaced
//! ```

mod apply;
mod deliver;
mod panics;
pub(crate) mod patch_feature;
pub(crate) mod patch_module;
pub(crate) mod patcher;
mod plan;
mod progress;
pub(crate) mod restore;
mod turn;
