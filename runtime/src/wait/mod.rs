//! How a thread blocks, and the queues in which it waits to be woken.
//!
//! Layer: wait, on the ground beside `patch`, `coroutine` and `reactor`.
//! Called by: `green`, `net`, `seam`, `sync`, `thread`, `thread_state`.
//! Calls: the OS, through std and libc; none of the root's modules.
//! Never: knows a patch point, a hub, or whether a thread is green.
//!
//! Whatever blocks does so through one protocol. The waiter makes a [`park::WaitEntry`], a place in some queue, and
//! passes it to a seam. The seam knows how the calling thread blocks, a [`park::Park`]: it enlists that
//! thread's `Waker` and parks until the place says that the wait is over, or until the deadline.
//!
//! ```text
//!     Mutex, RwLock, Once     Condvar, channels      Thread, JoinHandle   what is waited for
//!            │                      │                       │
//!       sync::wait_lock       sync::wait_signal     thread::park, join    seams, one per option
//!            └──────────────────────┼───────────────────────┘
//!                              park::wait ── Park: native, or green       how to block
//!                                   │
//!               parking_lot::Waiter, or a place in the object itself      where to queue
//!                                   └─ queue
//! ```
//!
//! A thread that is joined has one joiner, which needs no queue: its place is in the state that it shares with
//! the thread.
//!
//! A waker marks the waiter under the queue's lock, and wakes it after that lock is released. It never asks what
//! kind of thread the waiter is, and waking is never dispatched: the `Waker` knows.

pub(crate) mod address_hasher;
pub(crate) mod atomic;
pub(crate) mod native;
pub(crate) mod park;
pub(crate) mod parking_lot;
pub(crate) mod queue;
pub(crate) mod wait_while;
