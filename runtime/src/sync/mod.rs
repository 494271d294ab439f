//! `std::sync` for native and green threads alike.
//!
//! Layer: facade, above `seam`.
//! Called by: users, and `io`.
//! Calls: `wait`; `seam` where something blocks, `seam::unwind` among it, for poisoning.
//! Never: enters a seam where nothing blocks; asks what kind of thread the caller is.
//!
//! Every type here is one type in every mode. A lock made, held or waited for before patching goes
//! on working after it, and native and green threads share one queue of waiters.
//!
//! # Differences from std
//!
//! What is here has std's stable interface. `Arc`, `Weak`, `atomic`, the poisoning errors and the
//! channels' errors are std's own. Unstable items are not replaced.
//!
//! A thread that has to wait may allocate. So a global allocator must not lock with what is here, but
//! with `::std::sync`.
//!
//! A look in vain — a failed `try_lock` or `try_recv`, an empty [`OnceLock::get`] — counts as busy
//! waiting: a green thread that looks in vain a few times in a row lets others run. A green thread that
//! sends into a [`channel`](mpsc::channel), or receives from one, very often without ever blocking
//! lets others run, too.
//!
//! # Fairness
//!
//! Where std promises nothing, these do, since a green thread is not interrupted: one that unlocks
//! and locks again at once would otherwise keep all others out for ever.
//!
//! | type | who comes next |
//! | --- | --- |
//! | [`Mutex`] | The thread that has waited longest is woken first. A thread that comes just then may be faster; but one that was woken in vain once (a native thread: sixteen times) gets the lock handed to it. |
//! | [`RwLock`] | In order of arrival, a run of readers at once. While anybody waits, new readers queue, so writers do not starve; waiting readers are handed the lock when the one before them lets go, so readers do not either. Writers as with [`Mutex`]. |
//! | [`Condvar`] | `notify_one` wakes the thread that has waited longest. |
//! | [`mpsc`] | Messages in the order of sending. Senders that wait for room are served in order, and none that comes later takes it from them. |
//! | [`Barrier`], [`Once`], [`OnceLock`], [`LazyLock`] | All at once. |

pub use ::std::sync::*;

mod barrier;
mod condvar;
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
