//! Stackful coroutines: the switch behind one small interface, and the stacks that they run on.
//!
//! Layer: coroutine, beside `patch` and `reactor`.
//! Called by: `hub`; `green`, for the sizes of stacks and the handler of overflows.
//! Calls: corosensei, and the OS's memory mapping; this is the only module that names either.
//! Never: knows a hub, a schedule or a lock.
//!
//! A flow of control is what runs on one stack: the OS thread's own, or one of ours. [`switch`] leaves
//! the one that runs and goes on in another, whichever, where that was left; nothing comes in between.
//!
//! ```text
//!   OS thread's own stack        a stack of ours             another (many in a slab)
//!   ┌──────────────┐             ┌──────────────┐            ┌──────────────┐ top, staggered by a
//!   │ main()       │             │ entry        │            │ entry        │ few cache lines
//!   │  ⋮           │             │  ⋮           │            │  ⋮           │
//!   │ switch() ────┼────────────▶│ switch() ────┼───────────▶│ leave_for() ─┼──▶ …
//!   └──────────────┘             └──────────────┘            └──────────────┘
//!    SavedContext: where it was        ├──────────────┤ guard page: touching it
//!    left                         └──────────────┘ is a fault, not corruption
//! ```
//!
//! A thread that touches the guard page below its stack ends the process with std's message (`overflow`).
//!
//! `pages` also serves the hub, whose records of threads need memory that stays where it is.
//!
//! On x86-64 Linux the switch is a few instructions of our own (`jump`); elsewhere, and with
//! `--cfg greenpatch_corosensei`, it goes through corosensei (`portable`).
//!
//! Invariants:
//! 1. A flow stays on one OS thread: what [`prepare`] has made is switched to there alone.
//! 2. A [`SavedContext`] that says where a flow was left is used for one switch back to it.
//! 3. A suspended stack is never unwound from outside. What borrows from such a stack stays valid as
//!    long as that stack is not prepared again.

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
pub(crate) mod overflow;
pub(crate) mod pages;
#[cfg(feature = "sanitizer")]
mod sanitizer;
mod slab;
mod stack;
#[cfg(all(target_arch = "x86_64", target_pointer_width = "64"))]
mod valgrind;

pub(crate) use imp::{SavedContext, begun, leave_for, prefetch, prepare, switch};
pub(crate) use slab::{Size, as_of_a_thread};
pub(crate) use stack::{Reservation, Stack, Stacks};

#[cfg(test)]
mod tests;
