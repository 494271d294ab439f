//! The five events of a patch call.
#![forbid(unsafe_code)]

use std::panic::Location;
use std::sync::Arc;

use super::report::Report;
use super::settings::Settings;
use super::warnings;
use crate::patch::feature::Feature;
use crate::patch::table::entries;
use crate::patch::table::replacement::Replacement;
use crate::patch::table::slot::Slot;

/// A module is about to be patched. Its items may be edited; [`DoNotPatch`] cancels its feature.
#[derive(Debug)]
pub struct WillPatchModule {
    pub(crate) feature: Feature,
    pub(crate) module: &'static str,
    pub(crate) source: &'static str,
    pub(crate) items: Vec<Replacement>,
    pub(crate) settings: Arc<Settings>,
}

/// A module was patched.
#[derive(Debug)]
pub struct DidPatchModule {
    pub(crate) feature: Feature,
    pub(crate) module: &'static str,
    pub(crate) source: &'static str,
    pub(crate) items: Vec<&'static str>,
    pub(crate) settings: Arc<Settings>,
}

/// `patch_all` is about to begin. [`DoNotPatch`] cancels all of it.
#[derive(Debug)]
pub struct WillPatchAll {
    pub(crate) features: Vec<Feature>,
    pub(crate) modules: Vec<&'static str>,
    pub(crate) settings: Arc<Settings>,
}

/// `patch_all` has gone through the built-in modules. The place to patch those of third parties.
#[derive(Debug)]
pub struct DidPatchBuiltinModules {
    pub(crate) report: Report,
    pub(crate) settings: Arc<Settings>,
}

/// `patch_all` is done.
#[derive(Debug)]
pub struct DidPatchAll {
    pub(crate) report: Report,
    pub(crate) settings: Arc<Settings>,
}

impl WillPatchModule {
    /// The feature that the module belongs to.
    pub fn feature(&self) -> Feature {
        self.feature
    }

    /// The target module.
    pub fn module(&self) -> &'static str {
        self.module
    }

    /// The source module.
    pub fn source(&self) -> &'static str {
        self.source
    }

    /// The names of the items that will be replaced, and of those that a call asks for again which are replaced
    /// already. The list is this call's own.
    pub fn items(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.items.iter().flat_map(Replacement::names)
    }

    /// Leaves an item out; whether it was in the list. What is replaced already stays so. What is left out
    /// now is asked about again by a later call.
    ///
    /// Functions of std that wait by the same means, as `Mutex::lock` and `RwLock::read`, go together: with one of them the
    /// others are left out.
    pub fn remove(&mut self, item: &str) -> bool {
        let before = self.items.len();
        self.items.retain(|other| !other.is_choice(item));
        self.items.len() < before
    }

    /// Leaves out the items whose names `keep` refuses, and what goes together with one of them.
    pub fn retain(&mut self, mut keep: impl FnMut(&str) -> bool) {
        self.items.retain(|item| item.names().all(&mut keep));
    }

    /// Adds an item, or gives another replacement for it.
    #[track_caller]
    pub fn replace<F: Copy, D: ?Sized>(&mut self, point: &'static Slot<F, D>, function: F) {
        let site = entries::calling_site("WillPatchModule::replace", Location::caller());
        let item = Replacement::new(point, function, site);
        let id = entries::Id::of(item.raw());
        self.items
            .retain(|other| entries::Id::of(other.raw()) != id);
        self.items.push(item);
    }

    /// What the call asked for.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Queues a warning, written once when the call is over.
    pub fn warn(&self, text: impl Into<String>) {
        warnings::queue(text.into());
    }
}

impl DidPatchModule {
    /// The feature that the module belongs to.
    pub fn feature(&self) -> Feature {
        self.feature
    }

    /// The target module, by the same name that [`WillPatchModule::module`] gave.
    pub fn module(&self) -> &'static str {
        self.module
    }

    /// The source module.
    pub fn source(&self) -> &'static str {
        self.source
    }

    /// The names of the items that are replaced: by this call, or by an earlier one that asked for a part.
    pub fn items(&self) -> &[&'static str] {
        &self.items
    }

    /// What the call asked for.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Queues a warning, written once when the call is over.
    pub fn warn(&self, text: impl Into<String>) {
        warnings::queue(text.into());
    }
}

impl WillPatchAll {
    /// The features with something left to patch, in the order in which they will be patched.
    pub fn features(&self) -> &[Feature] {
        &self.features
    }

    /// Whether a feature has something left to patch.
    pub fn will_patch(&self, feature: Feature) -> bool {
        self.features.contains(&feature)
    }

    /// Whether a target module has something left to patch.
    pub fn will_patch_module(&self, module: &str) -> bool {
        self.modules.contains(&module)
    }

    /// What the call asked for.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Queues a warning, written once when the call is over.
    pub fn warn(&self, text: impl Into<String>) {
        warnings::queue(text.into());
    }
}

impl DidPatchBuiltinModules {
    /// What became of the built-in features.
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// What the call asked for.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Queues a warning, written once when the call is over.
    pub fn warn(&self, text: impl Into<String>) {
        warnings::queue(text.into());
    }
}

impl DidPatchAll {
    /// What became of every feature.
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// What the call asked for.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Queues a warning, written once when the call is over.
    pub fn warn(&self, text: impl Into<String>) {
        warnings::queue(text.into());
    }
}
