//! Monkey patching for Rust: blocking code, unchanged, on green threads.
#![deny(unsafe_code)]

// So that expansions of this crate's own macros, which name `::greenpatch`, work inside it too.
extern crate self as greenpatch;

#[doc(hidden)]
pub extern crate std as __std;

pub use ::std::*;

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
pub mod fs;
mod green;
pub mod hint;
mod hub;
pub mod io;
pub mod os;
pub mod panic;
mod patch;
pub mod process;
mod reactor;
mod seam;
pub mod sync;
pub mod thread;

pub use greenpatch_macros::{patch_point, patchable, replaces};
pub use seam::os_thread::native_thread_id;
