//! What the tests patch: modules, their green replacements with hooks, and a journal of the hooks that ran.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU8, Ordering};

use greenpatch::__private::Replacement;
use greenpatch::events::{DidPatchModule, WillPatchModule};
use greenpatch::{DoNotPatch, Plugin, Site, Source, patch_point, patchable, replaces};

static JOURNAL: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Writes a line.
pub fn note(line: impl Into<String>) {
    JOURNAL.lock().unwrap().push(line.into());
}

/// Takes all lines out, without those about std's modules.
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

#[replaces(yard::gate)]
fn green_gate() -> &'static str {
    "shut"
}

#[replaces(yard::lamp)]
fn green_lamp() -> &'static str {
    "on"
}

/// With `green_cellar` one feature.
#[replaces(counter, feature = "green", implements(price, greeting, Till::total = total))]
pub mod green_counter {
    use super::{counter, *};

    pub fn price(pieces: u32) -> u32 {
        patch_point!(counter::price).original()(pieces) - 1
    }

    pub fn greeting(name: &str) -> String {
        name.to_uppercase()
    }

    pub fn total(till: &counter::Till) -> u32 {
        till.0 + 1
    }

    #[will_patch]
    fn will(event: &mut WillPatchModule) -> Result<(), DoNotPatch> {
        super::will(event)
    }

    #[did_patch]
    fn did(event: &DidPatchModule) -> Result<(), DoNotPatch> {
        super::did(event)
    }
}

#[replaces(cellar, feature = "green")]
pub mod green_cellar {
    use super::{DidPatchModule, DoNotPatch, WillPatchModule};

    pub fn bottles() -> u32 {
        8
    }

    #[will_patch]
    fn will(event: &mut WillPatchModule) -> Result<(), DoNotPatch> {
        super::will(event)
    }

    #[did_patch]
    fn did(event: &DidPatchModule) -> Result<(), DoNotPatch> {
        super::did(event)
    }
}

/// Patched by `patch_all`.
#[replaces(attic, auto)]
pub mod green_attic {
    pub fn boxes() -> u32 {
        2
    }
}

pub use green_counter::SOURCE as GREEN_COUNTER;

pub fn greener_price(pieces: u32) -> u32 {
    patch_point!(counter::price).original()(pieces) - 2
}

/// Implements nothing. The macro makes no such thing.
pub static EMPTY: Source = Source::new("fixture::empty", "super::counter", &[]);

/// Has two replacements for one item. The macro makes no such thing, either.
pub static TWICE: Source = Source::new("fixture::twice", "super::counter", &TWICE_ITEMS);

static TWICE_ITEMS: [Replacement; 2] = [
    patch_point!(counter::price).replacement(green_counter::price, here("price")),
    patch_point!(counter::price).replacement(greener_price, here("greener_price")),
];

const fn here(name: &'static str) -> Site {
    Site {
        module: module_path!(),
        name,
        file: file!(),
        line: line!(),
    }
}

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

    fn run(&self, name: &'static str) -> Result<(), DoNotPatch> {
        match self.0.load(Ordering::SeqCst) {
            0 => Ok(()),
            1 => Err(DoNotPatch::because(format!("{name} objects"))),
            _ => panic!("{name} panics"),
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
        .did_patch_builtin_modules(|_| {
            note("plugin: did builtin");
            Ok(())
        })
        .did_patch_all(|_| {
            note("plugin: did all");
            Ok(())
        })
}
