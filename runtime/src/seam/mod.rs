//! The few operations on which everything that blocks is built, in their native form.
//!
//! Layer: seam, above `patch`, `wait`, `descriptor` and `thread_state`, below the std-shaped modules.
//! Called by: `interruption`, `thread`, `sync`, `net`, `fs`, `io`, `process`, `os`, `panic`, `hint`, `inspect`, `bridge`, `cancellation`, `private`, `libc`; `green`, which replaces
//! what is here.
//! Calls: `boundary`, `patch`, through `#[patchable]`: each operation is a patch point; `wait`, `descriptor`, `thread_state`;
//! the OS, through std.
//! Never: names a hub.
//!
//! | file | patch points | feature, option |
//! | --- | --- | --- |
//! | `thread` | `start`, `yield_now`, `host`, `park`, `join`, `join_native` | thread |
//! | `interrupt` | `is_possible`, `cancel`, `cancel_scope` | thread |
//! | `busy` | `busy`, `produced`, `polls` | thread |
//! | `time` | `sleep` | time |
//! | `sync` | `wait_lock` | thread, threading |
//! | `sync` | `wait_signal` | thread, event |
//! | `exit` | `exit` | thread |
//! | `context` | `green` | thread |
//! | `local` | `green` | thread, thread_local |
//! | `local` | `is_shared` | thread |
//! | `net` | `perform` | net |
//! | `dns` | `wait` | dns |
//! | `offload` | `name_lookup`, `socket`, `child`, `open`, `file` | dns, net, process, process, fs |
//! | `offload` | `file_lock` | thread, threading |
//! | `pipe` | `perform` | process |
//! | `process` | `wait`, `wait_either` | process |
//! | `stdio` | `input`, `output`, `print`, `may_wait` | stdio |
//! | `libc` | `futex`, `futex_elsewhere`, `sched_yield` | libc |
//! | `libc_io` | `poll`, `transfer`, `sleep`, `child`, `name_lookup`, `file_lock` | libc |
//! | `libc` | `mutex`, `condition`, `rwlock`, `semaphore`, `pthread_once`, `pthread_join`, `pthread_barrier` | libc |
//! | `unwind` | `panicking`, `panicked`, `caught`, `set_hook`, `take_hook` | thread |

pub(crate) mod busy;
pub(crate) mod context;
pub(crate) mod dns;
pub(crate) mod exit;
pub(crate) mod interrupt;
#[cfg(greenpatch_libc)]
pub(crate) mod libc;
#[cfg(greenpatch_libc)]
pub(crate) mod libc_io;
pub(crate) mod local;
pub(crate) mod net;
pub(crate) mod offload;
pub(crate) mod pipe;
pub(crate) mod process;
pub(crate) mod stdio;
pub(crate) mod sync;
pub(crate) mod thread;
pub(crate) mod time;
pub(crate) mod unwind;
