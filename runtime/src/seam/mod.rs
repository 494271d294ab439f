//! The few blocking operations that everything std-shaped is built on.
//!
//! Layer: seam, above `patch` and below the facades.
//! Called by: `thread`, `sync` and the other std-shaped modules; `green` replaces what is here.
//! Calls: `patch`, and the operating system.
//! Never: knows a hub, or asks whether the caller is green.
//!
//! # Waiting and waking
//!
//! Whatever blocks does so through one protocol. The waiter makes a [`park::Enlist`] — a place in
//! some queue — and gives it to a seam, [`sync::wait_lock`] or [`sync::wait_signal`]. The seam knows
//! how the calling thread blocks, a [`park::Park`]; it enlists that thread's `Waker` and parks until
//! the place says that the wait is over, or until the deadline.
//!
//! ```text
//!     Mutex, RwLock, Once        Condvar            channels
//!            │                      │                  │            what is waited for
//!       sync::wait_lock        sync::wait_signal ◀─────┤            seams, one per option
//!            └──────────┬───────────┘                  │
//!                   park::wait ── Park: native, or green            how to block
//!                       │                              │
//!                  lot::Waiter                  a place of their own  where to queue
//!                       └────────── queue ─────────────┘
//! ```
//!
//! A waker marks the waiter under the queue's lock and wakes it after that lock is free. It never
//! asks what kind the waiter is, and waking is never dispatched: the `Waker` knows.

pub(crate) mod atomic;
pub(crate) mod lot;
pub(crate) mod native;
pub(crate) mod park;
pub(crate) mod queue;
pub(crate) mod sync;
