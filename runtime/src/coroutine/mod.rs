//! Stackful coroutines: the switch, and the stacks that they run on.
//!
//! Layer: coroutine, beside `patch` and `reactor`.
//! Called by: `hub`; `green`, for the sizes of stacks and the handler of overflows.
//! Calls: corosensei, gimli, and the OS's memory mapping; this is the only module that names any of them.
//! Never: knows a hub, a schedule or a lock.
//!
//! A flow of control runs on one stack: the OS thread's own, or one of greenpatch's. [`switch`] suspends the running flow
//! and resumes any other where it was suspended; no scheduler runs in between.
//!
//! ```text
//!   OS thread's own stack        greenpatch's stack          another (many in a slab)
//!   ┌──────────────┐             ┌──────────────┐            ┌──────────────┐ top, staggered by a
//!   │ main()       │             │ entry        │            │ entry        │ few cache lines
//!   │  ⋮           │             │  ⋮           │            │  ⋮           │
//!   │ switch() ────┼────────────▶│ switch() ────┼───────────▶│ leave_for() ─┼──▶ …
//!   └──────────────┘             └──────────────┘            └──────────────┘
//!    SavedContext: where it      ├──────────────┤ guard page: access to it
//!    resumes                     └──────────────┘ is a fault, not corruption
//! ```
//!
//! A thread that accesses the guard page below its stack ends the process with std's message (`overflow`).
//!
//! The hub also uses `pages`, for the slots of its tasks, which need memory that is never unmapped.
//!
//! On x86-64 Linux the switch is a few instructions of assembly (`jump`). On other targets, and with
//! `--cfg greenpatch_corosensei`, it uses corosensei (`portable`).
//!
//! Invariants:
//! 1. A flow stays on one OS thread: a flow that [`prepare`] has set up is switched to on that thread alone.
//! 2. The [`SavedContext`] of a suspended flow is used for one switch back to it.
//! 3. A suspended stack is never unwound from outside; a [`backtrace()`] only reads it. Of a flow that runs a copy is read
//!    ([`Room`]). A borrow from such a stack stays valid as
//!    long as the stack is not prepared again.

#[cfg_attr(
    all(
        target_arch = "x86_64",
        target_pointer_width = "64",
        target_os = "linux",
        not(greenpatch_corosensei)
    ),
    path = "jump.rs"
)]
#[cfg_attr(
    not(all(
        target_arch = "x86_64",
        target_pointer_width = "64",
        target_os = "linux",
        not(greenpatch_corosensei)
    )),
    path = "portable.rs"
)]
mod imp;
mod no_fork;
pub(crate) mod overflow;
pub(crate) mod pages;
#[cfg(feature = "sanitizer")]
mod sanitizer;
mod slab;
mod stack;
#[cfg(all(target_arch = "x86_64", target_pointer_width = "64"))]
mod valgrind;

pub(crate) use imp::{
    Interrupted, NotCopied, Room, SavedContext, backtrace, begun, leave_for, own_stack, prefetch,
    prepare, switch,
};
pub(crate) use no_fork::while_no_fork;
pub(crate) use pages::stack_of_this_thread;
pub(crate) use slab::{Size, as_of_a_thread};
pub(crate) use stack::{Reservation, Stack, Stacks};

#[cfg(test)]
mod tests;
