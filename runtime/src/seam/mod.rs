//! The few operations that everything which blocks is built on, in their native form.
//!
//! Layer: seam, above `patch`.
//! Called by: the std-shaped modules (`thread`, `sync`, …).
//! Calls: `patch`, through `#[patchable]`: each operation is a patch point. And the OS, through std.
//! Never: names a hub. What replaces an operation is stored in the table by `green`.
//!
//! | file | patch points | feature, option |
//! | --- | --- | --- |
//! | `thread` | `start`, `yield_now`, `park`, `join` | thread |
//! | `time` | `sleep` | time |
//! | `sync` | `wait_lock` | thread, threading |
//! | `sync` | `wait_signal` | thread, event |
//! | `context` | `green` | thread |
//! | `local` | `green` | thread, thread_local |
//! | `unwind` | `panicking`, `panicked`, `caught` | thread |
//!
//! Only the blocking side is dispatched. Waking is not: the waiter leaves a [`Waker`](std::task::Waker)
//! behind, and every waker, whatever its own mode, calls it.

pub(crate) mod context;
pub(crate) mod local;
pub(crate) mod lot;
pub(crate) mod native;
pub(crate) mod park;
pub(crate) mod sync;
pub(crate) mod thread;
pub(crate) mod time;
pub(crate) mod until;
pub(crate) mod unwind;
