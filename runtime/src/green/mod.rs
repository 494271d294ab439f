//! What the seams do once patched, and the built-in source modules that put it there.
//!
//! Layer: green, on top.
//! Called by: the patch table, through stored function pointers, and by nothing else.
//! Calls: `hub`, `coroutine`, `seam`, `wait`, `descriptor`, `thread_state`, `patch`, `panic_strategy`.
//! Never: is imported by a std-shaped module.
//!
//! Every replacement first asks which hub it is on. An OS thread without one goes the native way,
//! always, and so does a thread that is held: in the panic hook no green thread gives way.

mod busy;
mod context;
mod dns;
mod exit;
mod file_turns;
mod helpers;
mod io;
mod known_as;
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
