//! The protocol: one transaction per feature, and the order of `patch_all`.
#![forbid(unsafe_code)]

use std::mem;
use std::sync::Arc;

use crate::refused::Refused;

use super::deliver::Aftermath;
use super::plan::{Module, Plan};
use super::progress::{All, Deciding};
use super::{deliver, progress, turn};
use crate::patch::claim;
use crate::patch::claim::Other;
use crate::patch::error::{Kind, PatchError};
use crate::patch::events::event::{
    DidPatchAll, DidPatchBuiltinModules, DidPatchModule, WillPatchAll, WillPatchModule,
};
use crate::patch::events::report::{FeatureOutcome, FeatureReport, ModuleReport, Patched, Report};
use crate::patch::events::settings::Settings;
use crate::patch::events::veto::{CancelledBy, Origin};
use crate::patch::events::warnings;
use crate::patch::feature::Feature;
use crate::patch::table::entries;
use crate::patch::table::entries::{By, Id};
use crate::patch::table::replacement::Replacement;
use crate::patch::table::scheduler;

/// Patches the plan that `plan` returns, as one transaction.
pub(super) fn one(
    settings: Settings,
    plan: impl FnOnce() -> Result<Plan, PatchError>,
) -> Result<Patched, PatchError> {
    if let Some(forbidden) = Patched::forbidden() {
        return Ok(forbidden);
    }
    turn::run(|| {
        let plan = plan()?;
        let feature = plan.feature;
        let mut aftermath = Aftermath::default();
        let outcome = transaction(plan, &Arc::new(settings), &mut aftermath)?;
        aftermath.pass_on()?;
        match outcome {
            FeatureOutcome::AlreadyPatched => Ok(Patched::AlreadyPatched),
            FeatureOutcome::Cancelled(by) => Ok(Patched::Cancelled { by }),
            done @ FeatureOutcome::Done(_) => {
                let mut report = Report::default();
                report.push(FeatureReport::new(feature, done));
                Ok(Patched::Done(report))
            }
        }
    })
}

/// Patches every feature that the settings name, with the events of `patch_all`.
pub(super) fn all(settings: Settings) -> Result<Patched, PatchError> {
    if let Some(forbidden) = Patched::forbidden() {
        return Ok(forbidden);
    }
    turn::run(|| all_in_turn(settings))
}

fn all_in_turn(settings: Settings) -> Result<Patched, PatchError> {
    let (mut builtin, mut auto) = Plan::all(&settings)?;
    let mut running = All::begin()?;
    let earlier = progress::all();
    // In a did stage of another `patch_all`, the items that the outer call has announced are left to it.
    for plans in [&mut builtin, &mut auto] {
        plans.retain(|plan| plan.goes_beyond() || !plan.is_fresh());
    }
    let fresh: Vec<&Plan> = builtin
        .iter()
        .chain(&auto)
        .filter(|plan| plan.is_fresh())
        .collect();
    let has_new_argument = earlier
        .as_ref()
        .is_some_and(|earlier| settings.has_new_argument(earlier));
    if let Some(earlier) = &earlier {
        compare(&settings, earlier, fresh.is_empty());
        if fresh.is_empty() && !has_new_argument {
            return Ok(Patched::AlreadyPatched);
        }
    }
    refuse(fresh.iter().find_map(|plan| plan.builtin()), claim::other)?;
    warn_of_late_settings(&settings, earlier.as_ref());

    let settings = Arc::new(settings);
    let mut event = WillPatchAll {
        features: fresh.iter().map(|plan| plan.feature).collect(),
        modules: fresh
            .iter()
            .flat_map(|p| &p.modules)
            .map(|module| module.target)
            .collect(),
        settings: Arc::clone(&settings),
    };
    if let Err(by) = deliver::will(&mut event) {
        return Ok(Patched::Cancelled { by });
    }
    progress::set_all(Some(match earlier.clone() {
        Some(earlier) => (*settings).clone().union(earlier),
        None => (*settings).clone(),
    }));
    running.announce(fresh.iter().flat_map(|plan| plan.ids()));

    let mut report = Report::default();
    let mut aftermath = Aftermath::default();
    if let Err(error) = patch_each(builtin, &settings, &mut report, &mut aftermath) {
        if (report.features().iter()).all(FeatureReport::is_already_patched) {
            // Nothing was changed, so the settings of this call do not count.
            progress::set_all(earlier);
        }
        return Err(error);
    }
    let settings_of = || Arc::clone(&settings);
    aftermath.did(&mut DidPatchBuiltinModules {
        report: report.clone(),
        settings: settings_of(),
    });
    patch_each(auto, &settings, &mut report, &mut aftermath)?;
    running.gone_through();
    aftermath.did(&mut DidPatchAll {
        report: report.clone(),
        settings: settings_of(),
    });
    drop(running);
    aftermath.pass_on()?;
    let mut features = report.features().iter();
    if !has_new_argument && features.all(FeatureReport::is_already_patched) {
        return Ok(Patched::AlreadyPatched);
    }
    Ok(Patched::Done(report))
}

fn patch_each(
    plans: Vec<Plan>,
    settings: &Arc<Settings>,
    report: &mut Report,
    aftermath: &mut Aftermath,
) -> Result<(), PatchError> {
    for plan in plans {
        let feature = plan.feature;
        let outcome = match transaction(plan, settings, aftermath) {
            Ok(outcome) => outcome,
            Err(error) => {
                // A panic of an earlier did stage must not be lost.
                mem::take(aftermath).pass_on_panic();
                return Err(error);
            }
        };
        report.push(FeatureReport::new(feature, outcome));
    }
    Ok(())
}

/// Warns if a `patch_all` asks for more or less than the earlier ones did.
fn compare(settings: &Settings, earlier: &Settings, nothing_new: bool) {
    if settings.exceeds(earlier) {
        if !nothing_new {
            warnings::queue(
                "patch_all was called before with less; what both calls ask for together is patched"
                    .to_owned(),
            );
        }
    } else if earlier.exceeds(settings) {
        warnings::queue(
            "patch_all was called before with more; nothing of that is undone".to_owned(),
        );
    }
}

/// Warns of settings of the scheduler that are given when it is already running.
fn warn_of_late_settings(settings: &Settings, earlier: Option<&Settings>) {
    let new = |now: Option<usize>, then: Option<usize>| now.is_some() && now != then;
    let stack_size = new(
        settings.stack_size(),
        earlier.and_then(Settings::stack_size),
    );
    let workers = new(settings.workers(), earlier.and_then(Settings::workers));
    if (stack_size || workers) && progress::is_begun(Feature::Thread) {
        warnings::queue(
            "stack_size and workers come too late: threads are patched already".to_owned(),
        );
    }
}

/// Patches one feature: every will stage, then all items at once, then every did stage. Errors and panics of did
/// stages go to `aftermath`.
fn transaction(
    mut plan: Plan,
    settings: &Arc<Settings>,
    aftermath: &mut Aftermath,
) -> Result<FeatureOutcome, PatchError> {
    warn_of_union(&plan);
    plan.retain_fresh();
    if plan.modules.is_empty() {
        return Ok(FeatureOutcome::AlreadyPatched);
    }
    let builtin = plan.builtin();
    refuse(builtin, claim::other)?;
    let asked: Vec<(Feature, Id)> = plan.ids().collect();
    let mut features: Vec<Feature> = plan.modules.iter().map(|module| module.feature).collect();
    features.dedup();

    let deciding = Deciding::begin(features)?;
    let mut decided = Vec::new();
    for module in &plan.modules {
        match decide(module, settings) {
            Ok(items) => decided.push(items),
            Err(by) => return Ok(FeatureOutcome::Cancelled(by)),
        }
    }
    if decided.iter().all(|items| items.is_as_before) {
        return Ok(FeatureOutcome::AlreadyPatched);
    }
    refuse(builtin, claim::take)?;
    for module in &plan.modules {
        if let Some(ready) = module.ready {
            ready(settings).map_err(|cause| {
                PatchError::new(Kind::NotReady {
                    feature: module.feature,
                    cause,
                })
            })?;
        }
    }
    let each = || plan.modules.iter().zip(&decided);
    entries::replace_all(each().flat_map(|(module, items)| {
        let by = |item: &Replacement| By {
            source: Some(module.source),
            site: item.site(),
        };
        items.new.iter().map(move |item| (*item, by(item)))
    }));
    for (module, _) in each().filter(|(_, items)| !items.new.is_empty()) {
        scheduler::note(format_args!("patch {}", module.target));
    }
    let settled = each().flat_map(|(module, items)| {
        let ids = items.all.iter().map(|item| Id::of(item.raw()));
        ids.map(|id| (module.feature, id))
    });
    progress::settle(asked.into_iter(), settled);
    drop(deciding);

    let mut reports = Vec::new();
    for (module, items) in each().filter(|(_, items)| !items.is_as_before) {
        reports.push(did(module, items, settings, aftermath));
    }
    Ok(FeatureOutcome::Done(reports))
}

/// The decision on one module.
struct Decided {
    /// The replacements that apply when the call is over.
    all: Vec<Replacement>,
    /// Those of them that do not apply yet.
    new: Vec<Replacement>,
    /// Whether hooks have left out all other items again, as in an earlier call.
    is_as_before: bool,
}

/// Calls the did hook of the source module, the subscribers and the plugins for one module.
fn did(
    module: &Module,
    items: &Decided,
    settings: &Arc<Settings>,
    aftermath: &mut Aftermath,
) -> ModuleReport {
    let names = |items: &[Replacement]| items.iter().flat_map(Replacement::names).collect();
    let Module {
        feature,
        target,
        source,
        ..
    } = *module;
    let mut event = DidPatchModule {
        feature,
        module: target,
        source,
        items: names(&items.all),
        settings: Arc::clone(settings),
    };
    aftermath.run(Origin::Hook(source), || module.did.map(|did| did(&event)));
    aftermath.did(&mut event);
    ModuleReport {
        module: target,
        source,
        items: names(&items.new),
    }
}

/// Returns an error for a built-in feature if `claim` finds that another copy of greenpatch has claimed the process.
fn refuse(
    builtin: Option<Feature>,
    claim: fn() -> Result<Option<Other>, Refused>,
) -> Result<(), PatchError> {
    let Some(feature) = builtin else {
        return Ok(());
    };
    match claim() {
        Ok(None) => Ok(()),
        Ok(Some(other)) => Err(PatchError::new(Kind::SecondCopy(other))),
        Err(error) => Err(PatchError::new(Kind::NotReady {
            feature,
            cause: error.into(),
        })),
    }
}

/// Calls the will hook of the source module, the subscribers and the plugins for one module, and applies their edits.
fn decide(module: &Module, settings: &Arc<Settings>) -> Result<Decided, CancelledBy> {
    let mut event = WillPatchModule {
        feature: module.feature,
        module: module.target,
        source: module.source,
        items: module.items.clone(),
        settings: Arc::clone(settings),
    };
    if let Some(will) = module.will {
        will(&mut event).map_err(|why| CancelledBy::new(Origin::Hook(module.source), why))?;
    }
    deliver::will(&mut event)?;
    let all = event.items;
    let is_new = |item: &&Replacement| {
        let id = Id::of(item.raw());
        let given = |other: &Replacement| Id::of(other.raw()) == id && other.is_same(item);
        !progress::is_settled(module.feature, id) || !module.items.iter().any(given)
    };
    let new: Vec<_> = all.iter().filter(is_new).copied().collect();
    let mut asked = module.items.iter().map(|item| Id::of(item.raw()));
    let is_as_before = new.is_empty() && asked.all(|id| progress::is_asked(module.feature, id));
    Ok(Decided {
        all,
        new,
        is_as_before,
    })
}

/// Warns if an earlier call with other options patched a part of a built-in feature, or more of it than this call asks
/// for. A plan for a name has no options, and does not warn.
fn warn_of_union(plan: &Plan) {
    if plan.by_name {
        return;
    }
    let mut features: Vec<Feature> = plan.modules.iter().map(|module| module.feature).collect();
    features.dedup();
    for feature in features.into_iter().filter(|f| f.is_builtin()) {
        let asked: Vec<Id> = plan
            .ids()
            .filter(|(f, _)| *f == feature)
            .map(|(_, id)| id)
            .collect();
        let before = asked
            .iter()
            .filter(|id| progress::is_settled(feature, **id))
            .count();
        if before < asked.len() && progress::is_begun(feature) {
            warnings::queue(format!(
                "{feature} was patched before, in part; what all calls ask for together is patched"
            ));
        } else if before == asked.len() && before < progress::settled(feature) {
            warnings::queue(format!(
                "{feature} was patched before with more; nothing of that is undone"
            ));
        }
    }
}
