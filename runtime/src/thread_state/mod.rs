//! The shared state of a thread, native or green: its identity, and the state that it shares with its join handle.
//!
//! Layer: thread_state, above `wait`.
//! Called by: `interruption`, `green`, `inspect`, `lib`, `seam`, `thread`.
//! Calls: `wait`.
//! Never: starts or switches a thread.

pub(crate) mod cancelled_scopes;
pub(crate) mod identity;
pub(crate) mod join_state;
pub(crate) mod locals;
pub(crate) mod os_thread;
pub(crate) mod place;
pub(crate) mod shared;
