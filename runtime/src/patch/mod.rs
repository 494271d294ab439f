//! The patch table: slots, the registry of what is linked in, and the protocol that patches.
//!
//! Layer: patch, the lowest beside `coroutine` and `reactor`.
//! Called by: expansions, `seam`, `green`, and the user's own patches.
//! Calls: `inventory`, and nothing of this crate.
//! Never: knows a thread, a hub or a lock of this crate.

pub(crate) mod registry;
pub(crate) mod slot;
