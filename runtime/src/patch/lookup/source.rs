//! Source modules: a named set of replacements for one target module, with its hooks and its feature.
#![forbid(unsafe_code)]

use std::error::Error;
use std::fmt;

use crate::patch::events::event::{DidPatchModule, WillPatchModule};
use crate::patch::events::settings::Settings;
use crate::patch::events::veto::DoNotPatch;
use crate::patch::feature::Feature;
use crate::patch::table::replacement::Replacement;

/// A hook of a source module that runs before it is patched.
pub type WillHook = fn(&mut WillPatchModule) -> Result<(), DoNotPatch>;

/// A hook of a source module that runs after it was patched.
pub type DidHook = fn(&DidPatchModule) -> Result<(), DoNotPatch>;

/// The last step of a built-in source module that may fail. It runs when patching can no longer be cancelled and
/// nothing is replaced yet.
pub(crate) type ReadyHook = fn(&Settings) -> Result<(), Box<dyn Error + Send + Sync>>;

/// A source module: the replacements for the items of one target module, and its hooks.
///
/// `#[replaces(path::to::module)]` on an inline module defines one, as the static `SOURCE` in it.
pub struct Source {
    name: &'static str,
    target: &'static str,
    feature: Feature,
    auto: bool,
    items: &'static [Replacement],
    will: Option<WillHook>,
    did: Option<DidHook>,
    ready: Option<ReadyHook>,
}

impl Source {
    /// Creates a source module with the path `name` that implements `items` of `target`, and is a feature by itself.
    #[doc(hidden)]
    pub const fn new(
        name: &'static str,
        target: &'static str,
        items: &'static [Replacement],
    ) -> Self {
        Source {
            name,
            target,
            feature: Feature::User(name),
            auto: false,
            items,
            will: None,
            did: None,
            ready: None,
        }
    }

    /// Makes it part of the feature of that name, which is patched and cancelled as a whole.
    #[doc(hidden)]
    #[must_use]
    pub const fn feature_named(mut self, feature: &'static str) -> Self {
        self.feature = Feature::User(feature);
        self
    }

    /// Makes `patch_all` patch it, after the built-in modules.
    #[doc(hidden)]
    #[must_use]
    pub const fn auto(mut self) -> Self {
        self.auto = true;
        self
    }

    /// Sets the hook that is called before all subscribers. It may edit the items, warn, or cancel.
    #[doc(hidden)]
    #[must_use]
    pub const fn will_patch(mut self, hook: WillHook) -> Self {
        self.will = Some(hook);
        self
    }

    /// Sets the hook that is called before all subscribers when the items have been replaced.
    #[doc(hidden)]
    #[must_use]
    pub const fn did_patch(mut self, hook: DidHook) -> Self {
        self.did = Some(hook);
        self
    }

    /// Creates a built-in source module for the module `target` of std.
    pub(crate) const fn builtin(
        name: &'static str,
        target: &'static str,
        feature: Feature,
        items: &'static [Replacement],
    ) -> Self {
        let mut source = Source::new(name, target, items);
        source.feature = feature;
        source
    }

    /// Sets the step that runs when no will stage has cancelled and nothing is replaced yet. If it fails,
    /// nothing is replaced, and the call returns the error.
    #[must_use]
    pub(crate) const fn ready(mut self, hook: ReadyHook) -> Self {
        self.ready = Some(hook);
        self
    }

    /// Returns the path of the source module.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Returns the path of the module of which it replaces items. For a built-in source module this is a module of `std`.
    pub fn target(&self) -> &'static str {
        // The path in the attribute may be relative; the slots have the full path.
        match self.items {
            [first, rest @ ..] if !self.feature.is_builtin() => {
                let module = first.module();
                let one = rest.iter().all(|item| item.module() == module);
                if one { module } else { self.target }
            }
            _ => self.target,
        }
    }

    /// Returns the feature that it belongs to.
    pub const fn feature(&self) -> Feature {
        self.feature
    }

    /// Returns whether [`patch_all`](crate::patch_all) patches it because it is marked `auto`.
    pub const fn is_auto(&self) -> bool {
        self.auto
    }

    /// Returns the names of the items that it replaces.
    pub fn implements(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.items.iter().flat_map(Replacement::names)
    }

    pub(crate) const fn items(&self) -> &'static [Replacement] {
        self.items
    }

    pub(crate) const fn will_hook(&self) -> Option<WillHook> {
        self.will
    }

    pub(crate) const fn did_hook(&self) -> Option<DidHook> {
        self.did
    }

    pub(crate) const fn ready_hook(&self) -> Option<ReadyHook> {
        self.ready
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source")
            .field("name", &self.name)
            .field("target", &self.target())
            .field("feature", &self.feature)
            .field("implements", &self.implements().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

/// The entry of a source module in the registry.
#[derive(Clone, Copy)]
pub struct Linked(pub &'static Source);

inventory::collect!(Linked);

/// Returns the source modules that are linked into the program: the built-in ones, then those of users by their
/// features and names.
///
/// A crate that the program never names is not linked, and neither are its source modules:
/// `use that_crate as _;` links it.
pub fn sources() -> Vec<&'static Source> {
    let mut sources: Vec<_> = inventory::iter::<Linked>.into_iter().map(|l| l.0).collect();
    sources.sort_by_key(|source| (source.feature, source.name));
    sources
}
