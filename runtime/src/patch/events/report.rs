//! What a patch call comes to: done, nothing left to do, or cancelled.
#![forbid(unsafe_code)]

use std::env;
use std::fmt;

use super::veto::CancelledBy;
use crate::patch::feature::Feature;
use crate::patch::table::slot::Site;

/// What a patch call came to. None of these is an error.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Patched {
    /// Something was patched, or asked and cancelled: a line for each feature.
    Done(Report),
    /// Nothing was left to patch. No hook and no event ran, unless for what hooks had left out: they were asked about
    /// it again, and left it out again.
    AlreadyPatched,
    /// Nothing was patched.
    Cancelled {
        /// Who cancelled it, and why.
        by: CancelledBy,
    },
}

impl Patched {
    /// Returns what a call comes to if the environment forbids to patch: `GREENPATCH=off`.
    pub(crate) fn forbidden() -> Option<Patched> {
        env::var_os("GREENPATCH")
            .is_some_and(|value| value == "off")
            .then(|| Patched::Cancelled {
                by: CancelledBy::environment(),
            })
    }

    /// Whether something was patched by this call.
    pub fn is_done(&self) -> bool {
        matches!(self, Patched::Done(_))
    }

    /// Whether all had been patched before.
    pub fn is_already_patched(&self) -> bool {
        matches!(self, Patched::AlreadyPatched)
    }

    /// Whether the call was cancelled.
    pub fn is_cancelled(&self) -> bool {
        matches!(self, Patched::Cancelled { .. })
    }

    /// The report of a call that patched something.
    pub fn report(&self) -> Option<&Report> {
        match self {
            Patched::Done(report) => Some(report),
            _ => None,
        }
    }
}

/// What became of each feature that a call asked for, in the order in which they were patched.
#[derive(Clone, Debug, Default)]
pub struct Report {
    features: Vec<FeatureReport>,
}

impl Report {
    /// A report for each feature.
    pub fn features(&self) -> &[FeatureReport] {
        &self.features
    }

    /// The report for that feature, if the call asked for it.
    pub fn feature(&self, feature: Feature) -> Option<&FeatureReport> {
        self.features
            .iter()
            .find(|report| report.feature == feature)
    }

    /// The report of a single item that was replaced.
    pub(crate) fn of_item(site: Site) -> Report {
        let Site { module, name, .. } = site;
        let modules = vec![ModuleReport {
            module,
            source: module,
            items: vec![name],
        }];
        let feature = Feature::User(module);
        Report {
            features: vec![FeatureReport::new(feature, Outcome::Done(modules))],
        }
    }

    pub(crate) fn push(&mut self, report: FeatureReport) {
        self.features.push(report);
    }
}

impl fmt::Display for Report {
    /// Writes one line for each module patched, and for each feature cancelled.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for feature in &self.features {
            match &feature.outcome {
                Outcome::AlreadyPatched => writeln!(f, "{}: already patched", feature.feature)?,
                Outcome::Cancelled(by) => writeln!(f, "{}: cancelled by {by}", feature.feature)?,
                Outcome::Done(modules) => {
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

/// What became of one feature.
#[derive(Clone, Debug)]
pub struct FeatureReport {
    feature: Feature,
    outcome: Outcome,
}

#[derive(Clone, Debug)]
pub(crate) enum Outcome {
    /// Its items were replaced.
    Done(Vec<ModuleReport>),
    /// There was nothing left to replace.
    AlreadyPatched,
    /// A will stage cancelled it.
    Cancelled(CancelledBy),
}

impl FeatureReport {
    pub(crate) fn new(feature: Feature, outcome: Outcome) -> Self {
        FeatureReport { feature, outcome }
    }

    /// Which feature.
    pub fn feature(&self) -> Feature {
        self.feature
    }

    /// Whether this call patched it.
    pub fn is_done(&self) -> bool {
        matches!(self.outcome, Outcome::Done(_))
    }

    /// Whether it had been patched before.
    pub fn is_already_patched(&self) -> bool {
        matches!(self.outcome, Outcome::AlreadyPatched)
    }

    /// Who cancelled it.
    pub fn cancelled_by(&self) -> Option<&CancelledBy> {
        match &self.outcome {
            Outcome::Cancelled(by) => Some(by),
            _ => None,
        }
    }

    /// The modules that this call patched items of.
    pub fn modules(&self) -> &[ModuleReport] {
        match &self.outcome {
            Outcome::Done(modules) => modules,
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
    /// The target module.
    pub fn module(&self) -> &'static str {
        self.module
    }

    /// The source module.
    pub fn source(&self) -> &'static str {
        self.source
    }

    /// The names of the items that were replaced.
    pub fn items(&self) -> &[&'static str] {
        &self.items
    }
}
