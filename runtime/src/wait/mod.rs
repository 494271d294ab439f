//! Blocking a thread, and the queues in which threads wait to be woken.
//!
//! Layer: wait, at the bottom, beside `patch`, `coroutine` and `reactor`.
//! Called by: `interruption`, `bridge`, `cancellation`, `hub`, `libc`, `green`, `inspect`, `net`, `seam`, `sync`, `thread`, `thread_state`.
//! Calls: `boundary`, the OS, through std and libc; none of the root's modules.
//! Never: depends on a patch point, a hub, or the kind of a thread.
//!
//! Everything that blocks uses one protocol. The waiter creates a [`park::WaitEntry`], for example a node of a queue, and
//! passes it to a seam. The seam provides the [`park::Park`] of the calling thread: it registers the entry with that
//! thread's `Waker`, and parks until the entry's wait has ended, or until the deadline.
//!
//! ```text
//!     Mutex, RwLock, Once     Condvar, channels      Thread, JoinHandle   the object to wait for
//!            │                      │                       │
//!       sync::wait_lock       sync::wait_signal     thread::park, join    seams, one per option
//!            └──────────────────────┼───────────────────────┘
//!                              park::wait ── Park: native, or green       blocks the thread
//!                                   │
//!              parking_lot::Waiter, or an entry in the object itself      WaitEntry
//!                                   └─ queue
//! ```
//!
//! A thread has at most one joiner, which needs no queue: the joiner's entry is the state that it shares with the thread.
//!
//! A waker marks the waiter under the queue's lock, and wakes it after that lock is released. Waking does not depend on the
//! kind of the waiter, and is never dispatched: the `Waker` does what its thread needs.

pub(crate) mod address_hasher;
pub(crate) mod atomic;
#[cfg(any(target_os = "linux", target_os = "android", loom))]
pub(crate) mod blocked;
#[cfg(greenpatch_libc)]
pub(crate) mod first_hub;
#[cfg(all(any(target_os = "linux", target_os = "android"), not(loom)))]
pub(crate) mod futex;
pub(crate) mod interrupts;
pub(crate) mod native;
pub(crate) mod note;
#[cfg(all(any(target_os = "linux", target_os = "android"), not(loom)))]
pub(crate) mod os_waiters;
pub(crate) mod park;
pub(crate) mod parking_lot;
pub(crate) mod payload;
pub(crate) mod queue;
pub(crate) mod reason;
#[cfg(any(greenpatch_libc, all(loom, test)))]
pub(crate) mod sleepers;
pub(crate) mod stack_page;
#[cfg(greenpatch_libc)]
pub(crate) mod system_call;
pub(crate) mod wait_while;
pub(crate) mod waiting;
