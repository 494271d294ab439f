//! Source modules: a named set of replacements for one target module, with its hooks, and the
//! feature that it is patched and cancelled with.
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

/// The last step of a built-in source module that may fail, when nobody can cancel any more and
/// nothing is replaced yet.
pub(crate) type ReadyHook = fn(&Settings) -> Result<(), Box<dyn Error + Send + Sync>>;

/// A source module: the replacements for the items of one target module, and its hooks.
///
/// `#[replaces(path::to::module)]` on an inline module makes one, as the static `SOURCE` in it.
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
    /// A source module of the path `name`, a feature by itself, with `items` as what it implements
    /// of `target`.
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

    /// Patches and cancels it together with the other source modules of that name.
    #[doc(hidden)]
    #[must_use]
    pub const fn feature_named(mut self, feature: &'static str) -> Self {
        self.feature = Feature::User(feature);
        self
    }

    /// Has `patch_all` patch it, after the built-in modules.
    #[doc(hidden)]
    #[must_use]
    pub const fn auto(mut self) -> Self {
        self.auto = true;
        self
    }

    /// Sets the hook that runs first of all; it may edit the items, warn, or cancel.
    #[doc(hidden)]
    #[must_use]
    pub const fn will_patch(mut self, hook: WillHook) -> Self {
        self.will = Some(hook);
        self
    }

    /// Sets the hook that runs first once the items are replaced.
    #[doc(hidden)]
    #[must_use]
    pub const fn did_patch(mut self, hook: DidHook) -> Self {
        self.did = Some(hook);
        self
    }

    /// A source module of greenpatch's own, for what users know as the module `target`.
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

    /// Sets the step that runs when every will stage has agreed and nothing is replaced yet. Its
    /// error is passed on, and nothing is replaced.
    #[must_use]
    pub(crate) const fn ready(mut self, hook: ReadyHook) -> Self {
        self.ready = Some(hook);
        self
    }

    /// The path of the source module.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The path of the module that it replaces items of. For a built-in one, the name in `std`.
    pub fn target(&self) -> &'static str {
        // As written in the source, the path may be relative; the slots know it in full.
        match self.items {
            [first, rest @ ..] if !self.feature.is_builtin() => {
                let module = first.module();
                let one = rest.iter().all(|item| item.module() == module);
                if one { module } else { self.target }
            }
            _ => self.target,
        }
    }

    /// What it is patched and cancelled with.
    pub const fn feature(&self) -> Feature {
        self.feature
    }

    /// Whether [`patch_all`](crate::patch_all) patches it.
    pub const fn is_auto(&self) -> bool {
        self.auto
    }

    /// The names of the items that it replaces.
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

/// How a source module gets into the registry.
#[derive(Clone, Copy)]
pub struct Linked(pub &'static Source);

inventory::collect!(Linked);

/// The source modules linked into this program: the built-in ones, then those of users by their
/// features and names.
///
/// A crate that the program never names is not linked, and its source modules with it:
/// `use that_crate as _;` brings it back.
pub fn sources() -> Vec<&'static Source> {
    let mut sources: Vec<_> = inventory::iter::<Linked>.into_iter().map(|l| l.0).collect();
    sources.sort_by_key(|source| (source.feature, source.name));
    sources
}
