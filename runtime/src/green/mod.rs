//! The green replacements of the seams, and the built-in source modules that register them.
//!
//! Layer: green, on top.
//! Called by: the patch table, through stored function pointers, and by nothing else.
//! Calls: `interruption`, `boundary`, `hub`, `inspect`, `coroutine`, `seam`, `wait`, `descriptor`, `thread_state`, `patch`, `libc`, `panic_strategy`.
//! Never: is imported by a std-shaped module.
//!
//! Every replacement first looks up the current hub. Without one it calls the native original, and so it does in the
//! panic hook, where no green thread may yield.

mod busy;
mod context;
mod dns;
mod exit;
mod file_turns;
mod helpers;
mod interrupt;
mod io;
mod known_as;
#[cfg(greenpatch_libc)]
mod libc;
#[cfg(greenpatch_libc)]
mod libc_io;
mod local;
mod net;
mod offload;
mod panic_hook;
mod panic_report;
mod parker;
mod pipe;
mod process;
mod signals;
mod sources;
mod stdio;
mod sync;
mod thread;
mod time;
mod unwind;
