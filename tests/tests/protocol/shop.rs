//! What the tests patch, and who listens: a shop, its green replacements, and a journal.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU8, Ordering};

use greenpatch::__private::{Linked, Replacement};
use greenpatch::events::{DidPatchModule, WillPatchModule};
use greenpatch::{DoNotPatch, Plugin, Site, Source, patch_point, patchable, replaces};

static JOURNAL: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Writes a line.
pub fn note(line: impl Into<String>) {
    JOURNAL.lock().unwrap().push(line.into());
}

/// Takes all lines out that speak of the shop, or of nothing in particular.
pub fn journal() -> Vec<String> {
    let lines = std::mem::take(&mut *JOURNAL.lock().unwrap());
    lines
        .into_iter()
        .filter(|line| !line.contains(" std::"))
        .collect()
}

#[patchable(dispatch)]
pub mod counter {
    pub fn price(pieces: u32) -> u32 {
        5 * pieces
    }

    pub fn greeting(name: &str) -> String {
        format!("hello {name}")
    }

    pub struct Till(pub u32);

    impl Till {
        pub fn total(&self) -> u32 {
            self.0
        }
    }
}

#[patchable(dispatch)]
pub mod cellar {
    pub fn bottles() -> u32 {
        7
    }

    pub fn corks() -> u32 {
        7
    }
}

#[patchable(dispatch)]
pub mod yard {
    pub fn gate() -> &'static str {
        "open"
    }

    pub fn lamp() -> &'static str {
        "off"
    }
}

#[patchable(dispatch)]
pub mod attic {
    pub fn boxes() -> u32 {
        1
    }
}

pub fn green_price(pieces: u32) -> u32 {
    patch_point!(counter::price).original()(pieces) - 1
}

pub fn greener_price(pieces: u32) -> u32 {
    patch_point!(counter::price).original()(pieces) - 2
}

pub fn green_greeting(name: &str) -> String {
    name.to_uppercase()
}

pub fn green_total(till: &counter::Till) -> u32 {
    till.0 + 1
}

pub fn green_bottles() -> u32 {
    8
}

pub fn green_boxes() -> u32 {
    2
}

#[replaces(yard::gate)]
fn green_gate() -> &'static str {
    "shut"
}

#[replaces(yard::lamp)]
fn green_lamp() -> &'static str {
    "on"
}

/// The site of a replacement.
macro_rules! here {
    ($name:expr) => {
        Site {
            module: module_path!(),
            name: $name,
            file: file!(),
            line: line!(),
        }
    };
}

/// Two modules are one feature, `green`.
pub static GREEN_COUNTER: Source =
    Source::new("shop::green_counter", "super::counter", &COUNTER_ITEMS)
        .feature_named("green")
        .will_patch(will)
        .did_patch(did);

static COUNTER_ITEMS: [Replacement; 3] = [
    patch_point!(counter::price).replacement(green_price, here!("green_price")),
    patch_point!(counter::greeting).replacement(green_greeting, here!("green_greeting")),
    patch_point!(counter::Till::total).replacement(green_total, here!("green_total")),
];

pub static GREEN_CELLAR: Source = Source::new("shop::green_cellar", "super::cellar", &CELLAR_ITEMS)
    .feature_named("green")
    .will_patch(will)
    .did_patch(did);

static CELLAR_ITEMS: [Replacement; 1] =
    [patch_point!(cellar::bottles).replacement(green_bottles, here!("green_bottles"))];

/// Patched by `patch_all`.
pub static GREEN_ATTIC: Source =
    Source::new("shop::green_attic", "super::attic", &ATTIC_ITEMS).auto();

static ATTIC_ITEMS: [Replacement; 1] =
    [patch_point!(attic::boxes).replacement(green_boxes, here!("green_boxes"))];

/// Implements nothing.
pub static EMPTY: Source = Source::new("shop::empty", "super::counter", &[]);

/// Has two replacements for one item.
pub static TWICE: Source = Source::new("shop::twice", "super::counter", &TWICE_ITEMS);

static TWICE_ITEMS: [Replacement; 2] = [
    patch_point!(counter::price).replacement(green_price, here!("green_price")),
    patch_point!(counter::price).replacement(greener_price, here!("greener_price")),
];

greenpatch::__private::inventory::submit! { Linked(&GREEN_COUNTER) }
greenpatch::__private::inventory::submit! { Linked(&GREEN_CELLAR) }
greenpatch::__private::inventory::submit! { Linked(&GREEN_ATTIC) }

/// What the hooks of the source modules do besides writing the journal.
pub static WILL: Hook = Hook(AtomicU8::new(0));
/// As above.
pub static DID: Hook = Hook(AtomicU8::new(0));
/// What the plugin does at every will stage of a module.
pub static PLUGIN_WILL: Hook = Hook(AtomicU8::new(0));
/// What the plugin does before all is patched.
pub static PLUGIN_WILL_ALL: Hook = Hook(AtomicU8::new(0));
/// What the plugin does when all is patched.
pub static PLUGIN_DID: Hook = Hook(AtomicU8::new(0));

pub struct Hook(AtomicU8);

impl Hook {
    pub fn agrees(&self) {
        self.0.store(0, Ordering::SeqCst);
    }

    pub fn objects(&self) {
        self.0.store(1, Ordering::SeqCst);
    }

    pub fn panics(&self) {
        self.0.store(2, Ordering::SeqCst);
    }

    fn run(&self, who: &'static str) -> Result<(), DoNotPatch> {
        match self.0.load(Ordering::SeqCst) {
            0 => Ok(()),
            1 => Err(DoNotPatch::because(format!("{who} objects"))),
            _ => panic!("{who} panics"),
        }
    }
}

fn will(event: &mut WillPatchModule) -> Result<(), DoNotPatch> {
    note(format!("will hook {}", event.source()));
    WILL.run("the will hook")
}

fn did(event: &DidPatchModule) -> Result<(), DoNotPatch> {
    note(format!("did hook {}", event.source()));
    DID.run("the did hook")
}

greenpatch::plugin! {
    Plugin::new("journal")
        .will_patch_all(|event| {
            let green = event.will_patch_module("std::thread");
            note(format!("plugin: will all, threads: {green}"));
            PLUGIN_WILL_ALL.run("the plugin")
        })
        .will_patch_module(|event| {
            note(format!("plugin: will {}", event.module()));
            PLUGIN_WILL.run("the plugin")
        })
        .did_patch_module(|event| {
            note(format!("plugin: did {}", event.module()));
            PLUGIN_DID.run("the plugin")
        })
        .did_patch_builtin_modules(|event| {
            note(format!("plugin: did builtin {}", event.report().features().len()));
            Ok(())
        })
        .did_patch_all(|event| {
            note(format!("plugin: did all {}", event.report().features().len()));
            Ok(())
        })
}
