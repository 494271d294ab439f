//! Resolves names to patch points and source modules, and answers queries.
//!
//! Layer: patch, above `table` and `events`.
//! Called by: `protocol`.
//! Calls: `table`, `events`, `inventory`.
//! Never: runs a hook.

pub(crate) mod point;
pub(crate) mod points;
pub(crate) mod query;
pub(crate) mod resolve;
pub(crate) mod source;
