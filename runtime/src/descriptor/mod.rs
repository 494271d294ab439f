//! File descriptors that may not be ready: one transfer with its attempts and waits, and the state of a descriptor.
//!
//! Layer: descriptor, at the bottom beside `wait`.
//! Called by: `fs`, `green`, `io`, `libc`, `net`, `os`, `process`, `seam`.
//! Calls: the OS, through std and libc; none of the root's modules.
//! Never: knows a patch point or a hub.
//!
//! | file | holds |
//! | --- | --- |
//! | `direction` | the direction of a transfer, and whether the OS may block for it |
//! | `operation` | one transfer: the bytes to move, and how one attempt is made |
//! | `perform` | the loop of attempts and waits, native by `poll`, green by the hub |
//! | `watch` | the state of one descriptor: registrations, and the mode that its user has set |
//! | `open_file` | the state that duplicates of a descriptor share |
//! | `stream` | whether a descriptor can be waited for at all |
//! | `socket`, `poll`, `record_lock` | calls to the OS |
//! | `ready`, `poll_set` | a wait for a call that other code makes, on one descriptor or several |
//! | `conversions` | the macros of descriptor traits |

#[cfg(not(loom))]
pub(crate) mod conversions;
pub(crate) mod direction;
pub(crate) mod open_file;
pub(crate) mod operation;
pub(crate) mod perform;
pub(crate) mod poll;
#[cfg(greenpatch_libc)]
pub(crate) mod poll_set;
#[cfg(greenpatch_libc)]
pub(crate) mod ready;
mod record_lock;
pub(crate) mod socket;
pub(crate) mod stream;
pub(crate) mod watch;
