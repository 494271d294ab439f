//! The result of a patch call: done, nothing left to do, or cancelled.
#![forbid(unsafe_code)]

use std::env;
use std::fmt;

use super::veto::CancelledBy;
use crate::patch::feature::Feature;
use crate::patch::table::slot::Site;

/// The result of a patch call that did not fail.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Patched {
    /// Something was patched, or a feature was cancelled. The report has an entry for each feature.
    Done(Report),
    /// Nothing was left to patch. No hook was called and no event was announced, except for items that hooks had left
    /// out: for these the hooks were called again, and left them out again.
    AlreadyPatched,
    /// Nothing was patched.
    Cancelled {
        /// What cancelled the call, and why.
        by: CancelledBy,
    },
}

impl Patched {
    /// Returns the result of every call if the environment switches patching off with `GREENPATCH=off`.
    pub(crate) fn forbidden() -> Option<Patched> {
        env::var_os("GREENPATCH")
            .is_some_and(|value| value == "off")
            .then(|| Patched::Cancelled {
                by: CancelledBy::environment(),
            })
    }

    /// Returns whether the call patched something.
    pub fn is_done(&self) -> bool {
        matches!(self, Patched::Done(_))
    }

    /// Returns whether everything was patched before the call.
    pub fn is_already_patched(&self) -> bool {
        matches!(self, Patched::AlreadyPatched)
    }

    /// Returns whether the call was cancelled.
    pub fn is_cancelled(&self) -> bool {
        matches!(self, Patched::Cancelled { .. })
    }

    /// Returns the report, if the call patched something.
    pub fn report(&self) -> Option<&Report> {
        match self {
            Patched::Done(report) => Some(report),
            _ => None,
        }
    }
}

/// The result for each feature that a call asked for, in the order in which they were patched.
#[derive(Clone, Debug, Default)]
pub struct Report {
    features: Vec<FeatureReport>,
}

impl Report {
    /// Returns the reports of all features.
    pub fn features(&self) -> &[FeatureReport] {
        &self.features
    }

    /// Returns the report of a feature, if the call asked for it.
    pub fn feature(&self, feature: Feature) -> Option<&FeatureReport> {
        self.features
            .iter()
            .find(|report| report.feature == feature)
    }

    /// Creates the report of a call that replaced a single item.
    pub(crate) fn of_item(site: Site) -> Report {
        let Site { module, name, .. } = site;
        let modules = vec![ModuleReport {
            module,
            source: module,
            items: vec![name],
        }];
        let feature = Feature::User(module);
        Report {
            features: vec![FeatureReport::new(feature, FeatureOutcome::Done(modules))],
        }
    }

    pub(crate) fn push(&mut self, report: FeatureReport) {
        self.features.push(report);
    }
}

impl fmt::Display for Report {
    /// Writes a line for each module that was patched, and for each feature that was cancelled.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for feature in &self.features {
            match &feature.outcome {
                FeatureOutcome::AlreadyPatched => {
                    writeln!(f, "{}: already patched", feature.feature)?
                }
                FeatureOutcome::Cancelled(by) => {
                    writeln!(f, "{}: cancelled by {by}", feature.feature)?
                }
                FeatureOutcome::Done(modules) => {
                    for module in modules {
                        let items = module.items.join(", ");
                        writeln!(f, "{}: {}: {items}", feature.feature, module.module)?;
                    }
                }
            }
        }
        Ok(())
    }
}

/// The result for one feature.
#[derive(Clone, Debug)]
pub struct FeatureReport {
    feature: Feature,
    outcome: FeatureOutcome,
}

#[derive(Clone, Debug)]
pub(crate) enum FeatureOutcome {
    /// The items of the feature were replaced.
    Done(Vec<ModuleReport>),
    /// Nothing was left to replace.
    AlreadyPatched,
    /// A will stage cancelled it.
    Cancelled(CancelledBy),
}

impl FeatureReport {
    pub(crate) fn new(feature: Feature, outcome: FeatureOutcome) -> Self {
        FeatureReport { feature, outcome }
    }

    /// Returns the feature.
    pub fn feature(&self) -> Feature {
        self.feature
    }

    /// Returns whether the call patched the feature.
    pub fn is_done(&self) -> bool {
        matches!(self.outcome, FeatureOutcome::Done(_))
    }

    /// Returns whether the feature was patched before the call.
    pub fn is_already_patched(&self) -> bool {
        matches!(self.outcome, FeatureOutcome::AlreadyPatched)
    }

    /// Returns what cancelled the feature, if it was cancelled.
    pub fn cancelled_by(&self) -> Option<&CancelledBy> {
        match &self.outcome {
            FeatureOutcome::Cancelled(by) => Some(by),
            _ => None,
        }
    }

    /// Returns the modules of which the call patched items.
    pub fn modules(&self) -> &[ModuleReport] {
        match &self.outcome {
            FeatureOutcome::Done(modules) => modules,
            _ => &[],
        }
    }
}

/// The items of one module that a call replaced.
#[derive(Clone, Debug)]
pub struct ModuleReport {
    pub(crate) module: &'static str,
    pub(crate) source: &'static str,
    pub(crate) items: Vec<&'static str>,
}

impl ModuleReport {
    /// Returns the target module.
    pub fn module(&self) -> &'static str {
        self.module
    }

    /// Returns the source module.
    pub fn source(&self) -> &'static str {
        self.source
    }

    /// Returns the names of the items that were replaced.
    pub fn items(&self) -> &[&'static str] {
        &self.items
    }
}
