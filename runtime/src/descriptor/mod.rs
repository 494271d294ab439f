//! File descriptors that may not be ready: one transfer, tried and waited for, and what is kept beside a descriptor.
//!
//! Layer: descriptor, on the ground beside `wait`.
//! Called by: `fs`, `green`, `io`, `net`, `os`, `process`, `seam`.
//! Calls: the OS, through std and libc; none of the root's modules.
//! Never: knows a patch point or a hub.
//!
//! | file | holds |
//! | --- | --- |
//! | `direction` | which way bytes go, and whether the OS may block for them |
//! | `operation` | one transfer: what it moves, and how one attempt at it is made |
//! | `perform` | the loop of attempts and waits, native by `poll`, green by the hub |
//! | `watch` | what is kept beside one descriptor: registrations, and how its user wants it to block |
//! | `open_file` | what duplicates of a descriptor share |
//! | `stream` | whether a descriptor can be waited for at all |
//! | `socket`, `poll`, `record_lock` | calls to the OS |
//! | `conversions` | the macros of descriptor traits |

#[cfg(not(loom))]
pub(crate) mod conversions;
pub(crate) mod direction;
pub(crate) mod open_file;
pub(crate) mod operation;
pub(crate) mod perform;
pub(crate) mod poll;
mod record_lock;
pub(crate) mod socket;
pub(crate) mod stream;
pub(crate) mod watch;
