//! What a thread is to others, native or green: its identity, and what it shares with the handle that joins it.
//!
//! Layer: thread_state, above `wait`.
//! Called by: `green`, `lib`, `seam`, `thread`.
//! Calls: `wait`.
//! Never: starts or switches a thread.

pub(crate) mod identity;
pub(crate) mod join_state;
pub(crate) mod os_thread;
pub(crate) mod shared;
