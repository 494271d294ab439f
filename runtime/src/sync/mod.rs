// Layer: facade, above `seam`.
// Called by: users, and `io`.
// Calls: `wait`; `seam` where something blocks, and `seam::unwind` and `interruption` for poisoning.
// Never: enters a seam where nothing blocks; depends on the kind of the calling thread.

//! Synchronization between native and green threads, with the API of [`std::sync`].
//!
//! Each type is the same in every mode. A lock that was created, held or waited for before patching keeps working after
//! it, and native and green threads share one queue of waiters.
//!
//! # Differences from std
//!
//! The stable interface is std's; `Arc`, `Weak`, `atomic` and the error types are std's own. Unstable items are not
//! replaced. Every item behaves as std's, unless a section *Differences from std* says otherwise.
//!
//! A thread that has to wait may allocate, so a global allocator must use the locks of `::std::sync` instead of these.
//!
//! An unsuccessful poll (a failed `try_lock` or `try_recv`, an empty [`OnceLock::get`]) counts as busy waiting: a green
//! thread that polls a few times in a row without success yields. A green thread that sends into a
//! [`channel`](mpsc::channel), or receives from one, very often without ever blocking yields, too.
//!
//! # Fairness
//!
//! Where std makes no guarantee, these types are fair: a green thread is not preempted, so one that unlocks and locks
//! again at once would otherwise starve all others.
//!
//! | type | order |
//! | --- | --- |
//! | [`Mutex`] | The longest waiter is woken first. A thread that arrives at that moment may barge; but a waiter that was woken without success once (a native thread: sixteen times) has the lock handed to it. |
//! | [`RwLock`] | In order of arrival, a run of readers at once. While a thread waits, new readers queue, so writers do not starve; waiting readers are handed the lock when the previous holder releases it, so readers do not starve either. Writers as with [`Mutex`]. |
//! | [`Condvar`] | `notify_one` wakes the longest waiter. |
//! | [`mpsc`] | Messages in the order of sending. Senders that wait for capacity are served in order, and a later sender cannot overtake them. |
//! | [`Barrier`], [`Once`], [`OnceLock`], [`LazyLock`] | All waiters at once. |

pub use ::std::sync::*;

mod barrier;
mod condvar;
#[cfg(all(test, loom))]
mod interrupt_models;
mod lazy_lock;
#[cfg(all(test, loom))]
mod loom_models;
pub mod mpsc;
mod mutex;
mod once;
mod once_lock;
mod poisoning;
mod raw_mutex;
mod raw_rwlock;
mod rwlock;
#[cfg(all(test, not(loom)))]
mod tests;

pub use self::barrier::{Barrier, BarrierWaitResult};
pub use self::condvar::{Condvar, WaitTimeoutResult};
pub use self::lazy_lock::LazyLock;
pub use self::mutex::{Mutex, MutexGuard};
#[cfg(not(loom))]
#[expect(deprecated, reason = "std has it")]
pub use self::once::ONCE_INIT;
pub use self::once::{Once, OnceState};
pub use self::once_lock::OnceLock;
pub use self::rwlock::{RwLock, RwLockReadGuard, RwLockWriteGuard};

pub(crate) use self::raw_mutex::RawMutex;
