//! The few operations that everything which blocks is built on, in their native form.
//!
//! Layer: seam, above `patch` and below the std-shaped modules.
//! Called by: `thread`, `sync` and the other std-shaped modules; `green` replaces what is here.
//! Calls: `patch`, through `#[patchable]`: each operation is a patch point. And the OS, through std.
//! Never: names a hub, or asks whether the caller is green.
//!
//! | file | patch points | feature, option |
//! | --- | --- | --- |
//! | `thread` | `start`, `yield_now`, `host`, `park`, `join`, `join_native` | thread |
//! | `busy` | `busy`, `produced`, `polls` | thread |
//! | `time` | `sleep` | time |
//! | `sync` | `wait_lock` | thread, threading |
//! | `sync` | `wait_signal` | thread, event |
//! | `exit` | `exit` | thread |
//! | `context` | `green` | thread |
//! | `local` | `green` | thread, thread_local |
//! | `local` | `is_shared` | thread |
//! | `net` | `perform` | net |
//! | `names` | `wait` | dns |
//! | `offload` | `name_lookup`, `socket`, `child`, `file` | dns, net, process, fs |
//! | `offload` | `file_lock` | thread, threading |
//! | `pipe` | `perform` | process |
//! | `process` | `wait`, `wait_either` | process |
//! | `stdio` | `input`, `output`, `print`, `may_wait` | stdio |
//! | `unwind` | `panicking`, `panicked`, `caught`, `set_hook`, `take_hook` | thread |
//!
//! # Waiting and waking
//!
//! Whatever blocks does so through one protocol. The waiter makes a [`park::Enlist`] — a place in
//! some queue — and gives it to a seam, such as [`sync::wait_lock`]. The seam knows how the calling
//! thread blocks, a [`park::Park`]; it enlists that thread's `Waker` and parks until the place says
//! that the wait is over, or until the deadline.
//!
//! ```text
//!     Mutex, RwLock, Once     Condvar, channels      Thread, JoinHandle   what is waited for
//!            │                      │                       │
//!       sync::wait_lock       sync::wait_signal     thread::park, join    seams, one per option
//!            └──────────────────────┼───────────────────────┘
//!                              park::wait ── Park: native, or green       how to block
//!                                   │
//!                       lot::Waiter, or a place of their own              where to queue
//!                                   └─ queue
//! ```
//!
//! A thread that is joined has one joiner, which needs no queue: its place is in the record that it shares
//! with the thread, see [`record`] and [`ending`].
//!
//! A waker marks the waiter under the queue's lock and wakes it after that lock is free. It never
//! asks what kind the waiter is, and waking is never dispatched: the `Waker` knows.

pub(crate) mod address_hasher;
pub(crate) mod atomic;
pub(crate) mod busy;
pub(crate) mod context;
pub(crate) mod description;
pub(crate) mod ending;
pub(crate) mod exit;
pub(crate) mod identity;
pub(crate) mod io;
pub(crate) mod local;
pub(crate) mod lot;
pub(crate) mod names;
pub(crate) mod native;
pub(crate) mod net;
pub(crate) mod offload;
pub(crate) mod os_thread;
pub(crate) mod park;
pub(crate) mod pipe;
pub(crate) mod process;
pub(crate) mod queue;
pub(crate) mod record;
mod record_lock;
pub(crate) mod socket;
pub(crate) mod stdio;
pub(crate) mod sync;
pub(crate) mod thread;
pub(crate) mod time;
pub(crate) mod until;
pub(crate) mod unwind;
pub(crate) mod watch;
