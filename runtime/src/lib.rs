//! Monkey patching for Rust: blocking code runs unchanged on green threads.
//!
//! Code that is written against `std` — spawn a thread, sleep, lock, send on a channel, read a socket — runs on OS
//! threads until [`patch_thread`] or [`patch_all`] is called, and on green threads after that. A green thread is a
//! coroutine with a stack of its own. When it blocks, the hub of its OS thread runs another one.
//!
//! The root of this crate has the shape of `std`. Everything that blocks, or belongs to a thread, is greenpatch's own
//! and works in both modes; everything else is re-exported from std.
//!
//! # Example
//!
//! ```standalone_crate
//! #[greenpatch::patchable]
//! mod downloads {
//!     use std::sync::mpsc;
//!     use std::thread;
//!     use std::time::Duration;
//!
//!     pub fn all(count: u64) -> u64 {
//!         let (sender, receiver) = mpsc::channel();
//!         for number in 0..count {
//!             let sender = sender.clone();
//!             thread::spawn(move || {
//!                 thread::sleep(Duration::from_millis(100)); // a slow server
//!                 sender.send(number).unwrap();
//!             });
//!         }
//!         drop(sender);
//!         receiver.iter().sum()
//!     }
//! }
//!
//! fn main() {
//!     greenpatch::patch_thread().unwrap();
//!     assert_eq!(downloads::all(1000), 499_500); // a thousand green threads, all on this OS thread
//! }
//! ```
//!
//! # Three ways in
//!
//! 1. [`#[patchable]`](macro@patchable) on a function, an `impl`, a `trait` or an inline `mod`. Each function in it becomes a
//!    patch point, which can be replaced at run time. In a `mod`, the name `std` also means greenpatch.
//! 2. One line at the root of a crate, for the whole crate: `#[macro_use] extern crate greenpatch as std;`
//! 3. `cargo greenpatch run`, from the package `cargo-greenpatch`: a program and its dependencies, none of which is changed.
//!
//! Single items can also be named: `use greenpatch::{thread, sync::Mutex};`. With the third way the program is
//! patched before `main`. With the others `main` calls [`patch_thread`], [`patch_all`], or a [`Patcher`] with settings.
//!
//! # Patching
//!
//! A feature, such as threads, sockets or child processes, is patched as a whole. Hooks, subscribers to [`events`] and plugins can
//! leave out items of it or cancel it. [`macro@replaces`] registers a replacement for any patch point, [`override_item`] replaces one for the
//! length of a closure, and [`restore`] undoes what was patched. [`patch_points`] lists every patch point and its state.
//!
//! # Futures
//!
//! [`block_on`] runs a future on a thread and blocks that thread alone. [`spawn_blocking`] runs blocking code on a new thread, and
//! an async function can await its result.
//!
//! # Time-outs and cancellation
//!
//! [`timeout`] ends the waits of any blocking code after a time, and [`Cancel`] those of a green thread, by unwinding. [`shield`] keeps
//! both off.
//!
//! # Below std
//!
//! With the crate's feature `libc`, on Linux with glibc, greenpatch also defines functions of libc that wait: futexes, the locks of
//! pthreads, and what waits for descriptors. So code that calls libc and not std lets other green threads run, C libraries too. See
//! [`patch_libc`], and `docs/LIBC.md` in the repository.
//!
//! # Limits
//!
//! - It works on Unix, and is developed and tested on x86-64 Linux.
//! - Green threads are not preempted. A blocking call in code that is not annotated, or a long computation, holds up every green
//!   thread of its OS thread. A loop that polls an atomic or a clock has to call [`hint::spin_loop`] or [`thread::yield_now`].
//! - A green thread stays on the OS thread that it was started on. All green threads run on one OS thread unless
//!   [`Patcher::workers`] asks for more.
//! - Files are read and written in place unless [`patch_fs`] is called, because a local file is faster in place.
//! - A native thread-local of code that is not annotated is shared by the green threads of an OS thread. It is undefined behaviour if
//!   the expression that makes its first value blocks through annotated code; see [`patch_thread`].
//! - A type of greenpatch and the type of std with the same name are different types. Annotate both sides of a
//!   call that passes such a value.
//!
//! The README of the repository has the complete list.
#![cfg_attr(doctest, doc = include_str!("../README.md"))]
#![deny(unsafe_code)]
#![cfg_attr(test, allow(clippy::disallowed_methods, clippy::type_complexity))]

// So that expansions of this crate's own macros, which name `::greenpatch`, work inside it too.
extern crate self as greenpatch;

#[doc(hidden)]
pub extern crate std as __std;

pub use ::std::*;

pub use greenpatch_macros::{did_patch, patch_point, patchable, replaces, will_patch};

pub use bridge::{Blocking, block_on, spawn_blocking};
pub use cancellation::{Cancel, Cancelled, Elapsed, TimeoutError, shield, timeout};
pub use patch::events;
pub use patch::{
    CancelledBy, Coverage, Deadlock, DidHook, DoNotPatch, Feature, FeatureReport, Listen,
    ModuleReport, Named, Overrides, ParseWorkersError, PatchError, PatchPointInfo, PatchPoints,
    PatchState, Patched, Patcher, Plugin, Point, Report, Settings, Site, Slot, Source,
    ThreadChoice, ThreadOptions, WillHook, Workers,
};
pub use patch::{
    is_anything_patched, is_item_patched, is_module_patched, native, original, override_item,
    patch_all, patch_dns, patch_fs, patch_item, patch_libc, patch_module, patch_module_items,
    patch_net, patch_points, patch_process, patch_stdio, patch_thread, patch_time, plugins,
    restore, restore_item, restore_module, sources,
};

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
mod boundary;
mod bridge;
mod cancellation;
mod coroutine;
mod descriptor;
mod frame;
// loom's types cannot be constructed in statics, which the standard streams need. The modelled code lies below these
// modules.
#[cfg(not(loom))]
pub mod fs;
mod green;
pub mod hint;
mod hub;
pub mod inspect;
mod interruption;
#[cfg(not(loom))]
pub mod io;
#[cfg(greenpatch_libc)]
mod libc;
#[cfg(not(loom))]
pub mod net;
#[cfg(not(loom))]
pub mod os;
pub mod panic;
mod panic_strategy;
mod patch;
pub mod prelude;
#[cfg(not(loom))]
pub mod process;
mod reactor;
mod refused;
mod seam;
pub mod sync;
pub mod thread;
mod thread_state;
mod wait;

pub use inspect::{Dump, Stats, dump, stats};
pub use thread::builder_ext::BuilderExt;
pub use thread_state::os_thread::native_thread_id;
pub use thread_state::place::Place;
