//! Monkey patching for Rust: blocking code, unchanged, on green threads.
//!
//! Code written against `std` runs on OS threads until [`patch_thread`] is called, and on green threads
//! after it. The root of this crate has the shape of `std`: everything of std is here, and what blocks or
//! belongs to a thread is greenpatch's own.
//!
//! Three ways in:
//!
//! 1. [`#[patchable]`](macro@patchable) on a function, an `impl`, a `trait` or an inline `mod`. In a `mod`
//!    the name `std` also means greenpatch.
//! 2. One line for a whole crate, at its root: `#[macro_use] extern crate greenpatch as std;`
//! 3. By name: `use greenpatch::{thread, sync::Mutex};`
//!
//! and one call, in `main`: [`patch_thread`], [`patch_all`], or a [`Patcher`] with settings.
//!
//! # Layers
//!
//! | layer | modules | knows |
//! | --- | --- | --- |
//! | facades, std-shaped | `thread`, `sync`, `net`, `os`, `process`, `io`, `fs`, `panic`, `hint` | seams |
//! | replacements | `green` | seams, the table, hubs |
//! | seams | `seam` | the table |
//! | scheduler | `hub` | coroutines, the reactor |
//! | ground | `patch`, `coroutine`, `reactor` | none of the others |
//!
#![doc = include_str!("../README.md")]
#![deny(unsafe_code)]
#![cfg_attr(test, allow(clippy::disallowed_methods, clippy::type_complexity))]

// So that expansions of this crate's own macros, which name `::greenpatch`, work inside it too.
extern crate self as greenpatch;

#[doc(hidden)]
pub extern crate std as __std;

pub use ::std::*;

pub use greenpatch_macros::{did_patch, patch_point, patchable, replaces, will_patch};

pub use patch::events;
pub use patch::{
    CancelledBy, Coverage, DidHook, DoNotPatch, Feature, FeatureReport, ModuleReport, Named,
    Overrides, PatchError, PatchPointInfo, PatchPoints, PatchState, Patched, Patcher, Plugin,
    Point, Report, Settings, Site, Slot, Source, ThreadChoice, ThreadOptions, WillHook,
};
pub use patch::{
    is_anything_patched, is_item_patched, is_module_patched, native, original, override_item,
    patch_all, patch_dns, patch_fs, patch_item, patch_module, patch_module_items, patch_net,
    patch_points, patch_process, patch_stdio, patch_thread, patch_time, plugins, restore,
    restore_item, restore_module, sources,
};

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
mod coroutine;
mod descriptor;
// A loom model has no statics made when it is compiled, as the standard streams need them; and what is
// modelled lies below these modules.
#[cfg(not(loom))]
pub mod fs;
mod green;
pub mod hint;
mod hub;
#[cfg(not(loom))]
pub mod io;
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

pub use thread_state::os_thread::native_thread_id;
