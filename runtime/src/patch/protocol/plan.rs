//! The plan of a call: what it would replace, computed and validated before any hook is called.
#![forbid(unsafe_code)]

use std::collections::HashMap;

use super::progress;
use crate::patch::error::{Kind, PatchError};
use crate::patch::events::settings::Settings;
use crate::patch::events::thread_options::ThreadOptions;
use crate::patch::feature::Feature;
use crate::patch::lookup::resolve::Found;
use crate::patch::lookup::source;
use crate::patch::lookup::source::{DidHook, ReadyHook, Source, WillHook};
use crate::patch::table::entries::Id;
use crate::patch::table::replacement::{self, Replacement};
use crate::patch::table::slot::Site;

/// The plan of one transaction.
pub(super) struct Plan {
    /// The feature that the transaction is reported as.
    pub(super) feature: Feature,
    /// Whether the plan comes from a name, and not from options.
    pub(super) by_name: bool,
    pub(super) modules: Vec<Module>,
}

/// The part of a plan for one module.
pub(super) struct Module {
    pub(super) feature: Feature,
    pub(super) target: &'static str,
    pub(super) source: &'static str,
    pub(super) will: Option<WillHook>,
    pub(super) did: Option<DidHook>,
    pub(super) ready: Option<ReadyHook>,
    pub(super) items: Vec<Replacement>,
}

impl Plan {
    /// Creates the plan for `patch_thread` with these options.
    pub(super) fn thread(options: ThreadOptions) -> Result<Plan, PatchError> {
        let mut plan = Plan::feature(Feature::Thread)?;
        for module in &mut plan.modules {
            module
                .items
                .retain(|item| item.option().is_none_or(|option| options.selects(option)));
        }
        plan.modules.retain(|module| !module.items.is_empty());
        if options.has_time() {
            plan.modules.extend(Plan::feature(Feature::Time)?.modules);
        }
        Ok(plan)
    }

    /// Creates the plan for a resolved name.
    pub(super) fn found(found: &Found) -> Result<Plan, PatchError> {
        let mut plan = match found {
            Found::Loose(target) => Plan::loose(target),
            // A source module that is not in the registry is patched alone.
            Found::Source(source) if !is_linked(source) => Plan::alone(source),
            Found::Source(source) => Plan::features(&[source.feature()]),
            Found::Builtin { features, .. } => Plan::features(features),
        }?;
        plan.by_name = true;
        Ok(plan)
    }

    /// Restricts the plan for a resolved name to these items.
    pub(super) fn only(&mut self, found: &Found, items: &[&str]) -> Result<(), PatchError> {
        self.modules.retain(|module| module.is_meant(found));
        for name in items {
            let known = |module: &Module| module.items.iter().any(|item| item.is_choice(name));
            if !self.modules.iter().any(known) {
                let kind = Kind::UnknownItem {
                    name: (*name).to_owned(),
                    module: Some(found.name()),
                };
                return Err(PatchError::new(kind));
            }
        }
        let chosen = |item: &Replacement| items.iter().any(|name| item.is_choice(name));
        self.modules
            .retain(|module| module.items.iter().any(chosen));
        for module in &mut self.modules {
            module
                .items
                .retain(|item| item.is_internal() || chosen(item));
        }
        Ok(())
    }

    /// Creates the plan for a feature.
    pub(super) fn feature(feature: Feature) -> Result<Plan, PatchError> {
        Plan::features(&[feature])
    }

    /// Creates the plan for several features as one transaction, reported as the first feature.
    pub(super) fn features(features: &[Feature]) -> Result<Plan, PatchError> {
        let mut sources = source::sources();
        sources.retain(|source| features.contains(&source.feature()));
        let modules = sources.into_iter().map(Module::of);
        Plan::of(features[0], modules.collect::<Result<_, _>>()?)
    }

    /// Creates the plan for one source module.
    pub(super) fn alone(source: &'static Source) -> Result<Plan, PatchError> {
        Plan::of(source.feature(), vec![Module::of(source)?])
    }

    /// Creates the plan for the replacements outside source modules that are for a module, or are written in it.
    pub(super) fn loose(name: &'static str) -> Result<Plan, PatchError> {
        let mut modules: Vec<Module> = Vec::new();
        let is_meant = |item: &&Replacement| item.module() == name || item.site().module == name;
        for item in replacement::loose().filter(is_meant) {
            let target = item.module();
            // The feature is that of the target, by whichever name it is patched.
            let feature = Feature::User(target);
            match modules.iter_mut().find(|module| module.target == target) {
                Some(module) => module.items.push(*item),
                None => modules.push(Module {
                    feature,
                    target,
                    source: target,
                    will: None,
                    did: None,
                    ready: None,
                    items: vec![*item],
                }),
            }
        }
        modules.sort_by_key(|module| module.target);
        Plan::of(Feature::User(name), modules)
    }

    /// Creates the plans for `patch_all` with these settings: those for built-in features, and those for `auto` features.
    pub(super) fn all(settings: &Settings) -> Result<(Vec<Plan>, Vec<Plan>), PatchError> {
        let mut builtin = Vec::new();
        for &feature in Feature::BUILTIN {
            match feature {
                // `thread::sleep` follows as a separate feature.
                Feature::Thread => {
                    if let Some(options) = settings.thread() {
                        builtin.push(Plan::thread(options.time(false))?);
                    }
                }
                feature if settings.asks(feature) => builtin.push(Plan::feature(feature)?),
                _ => {}
            }
        }
        let mut auto: Vec<Feature> = Vec::new();
        if settings.auto() {
            auto.extend(
                source::sources()
                    .iter()
                    .filter(|s| s.is_auto())
                    .map(|s| s.feature()),
            );
            auto.dedup();
        }
        Ok((
            builtin,
            auto.into_iter()
                .map(Plan::feature)
                .collect::<Result<_, _>>()?,
        ))
    }

    fn of(feature: Feature, modules: Vec<Module>) -> Result<Plan, PatchError> {
        let plan = Plan {
            feature,
            by_name: false,
            modules,
        };
        plan.check()?;
        Ok(plan)
    }

    /// Returns all items, with the features that they belong to.
    pub(super) fn ids(&self) -> impl Iterator<Item = (Feature, Id)> + '_ {
        self.modules.iter().flat_map(|module| {
            module
                .items
                .iter()
                .map(|item| (module.feature, Id::of(item.raw())))
        })
    }

    /// Returns a built-in feature of the plan, if there is one.
    pub(super) fn builtin(&self) -> Option<Feature> {
        self.modules
            .iter()
            .map(|module| module.feature)
            .find(|feature| feature.is_builtin())
    }

    /// Returns whether something is left to patch.
    pub(super) fn is_fresh(&self) -> bool {
        self.ids()
            .any(|(feature, id)| !progress::is_settled(feature, id))
    }

    /// Returns whether something is left to patch that no enclosing call of `patch_all` has announced.
    pub(super) fn goes_beyond(&self) -> bool {
        self.ids().any(|(feature, id)| {
            !progress::is_settled(feature, id) && !progress::is_announced(feature, id)
        })
    }

    /// Removes the modules of which all items are replaced.
    pub(super) fn retain_fresh(&mut self) {
        self.modules.retain(|module| {
            let ids = module.items.iter().map(|item| Id::of(item.raw()));
            ids.into_iter()
                .any(|id| !progress::is_settled(module.feature, id))
        });
    }

    /// Returns an error if an item has more than one replacement.
    fn check(&self) -> Result<(), PatchError> {
        let mut found: HashMap<Id, Vec<&Replacement>> = HashMap::new();
        for item in self.modules.iter().flat_map(|module| &module.items) {
            found.entry(Id::of(item.raw())).or_default().push(item);
        }
        match found
            .into_values()
            .find(|replacements| replacements.len() > 1)
        {
            None => Ok(()),
            Some(several) => {
                let mut replacements: Vec<Site> = several.iter().map(|item| item.site()).collect();
                replacements.sort_by_key(|site| (site.file, site.line));
                let item = several[0].raw().site();
                Err(PatchError::new(Kind::Conflict { item, replacements }))
            }
        }
    }
}

impl Module {
    /// Returns whether a resolved name stands for this module.
    fn is_meant(&self, found: &Found) -> bool {
        match found {
            Found::Loose(_) => true,
            Found::Builtin { target, .. } => self.target == *target,
            Found::Source(source) => self.source == source.name(),
        }
    }

    fn of(source: &'static Source) -> Result<Module, PatchError> {
        if source.items().is_empty() {
            return Err(PatchError::new(Kind::NothingToReplace(source.name())));
        }
        Ok(Module {
            feature: source.feature(),
            target: source.target(),
            source: source.name(),
            will: source.will_hook(),
            did: source.did_hook(),
            ready: source.ready_hook(),
            items: source.items().to_vec(),
        })
    }
}

fn is_linked(source: &'static Source) -> bool {
    source::sources()
        .iter()
        .any(|linked| std::ptr::eq(*linked, source))
}
