//! What a patch call comes to: done, nothing left to do, or cancelled and by whom.
#![forbid(unsafe_code)]

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::panic::Location;

use super::slot::Site;
use super::source::Feature;

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
    pub(super) fn of_item(site: Site) -> Report {
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

    pub(super) fn push(&mut self, report: FeatureReport) {
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
pub(super) enum Outcome {
    /// Its items were replaced.
    Done(Vec<ModuleReport>),
    /// There was nothing left to replace.
    AlreadyPatched,
    /// A will stage cancelled it.
    Cancelled(CancelledBy),
}

impl FeatureReport {
    pub(super) fn new(feature: Feature, outcome: Outcome) -> Self {
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
    pub(super) module: &'static str,
    pub(super) source: &'static str,
    pub(super) items: Vec<&'static str>,
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

/// What a will hook or a subscriber returns to cancel.
///
/// From the hook of a source module or a [`WillPatchModule`](crate::events::WillPatchModule)
/// subscriber it cancels the feature; from a [`WillPatchAll`](crate::events::WillPatchAll)
/// subscriber, everything. From a did stage it comes too late and is an error.
#[derive(Clone, Debug, Default)]
pub struct DoNotPatch {
    reason: Option<Cow<'static, str>>,
}

impl DoNotPatch {
    /// Cancels without a word.
    pub const fn new() -> Self {
        DoNotPatch { reason: None }
    }

    /// Cancels and says why.
    pub fn because(reason: impl Into<Cow<'static, str>>) -> Self {
        DoNotPatch {
            reason: Some(reason.into()),
        }
    }
}

impl fmt::Display for DoNotPatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason.as_deref().unwrap_or("do not patch"))
    }
}

impl Error for DoNotPatch {}

/// Who cancelled, and why.
#[derive(Clone, Debug)]
pub struct CancelledBy {
    who: Who,
    reason: Option<Cow<'static, str>>,
}

/// One who is asked, or told, about patching.
#[derive(Clone, Debug)]
pub(super) enum Who {
    /// `GREENPATCH=off` in the environment.
    Environment,
    /// The hook of a source module.
    Hook(&'static str),
    /// A subscriber, by where it subscribed.
    Subscriber(&'static Location<'static>),
    /// A plugin, by its name.
    Plugin(&'static str),
}

impl CancelledBy {
    pub(super) fn new(who: Who, why: DoNotPatch) -> Self {
        CancelledBy {
            who,
            reason: why.reason,
        }
    }

    pub(super) fn environment() -> Self {
        CancelledBy {
            who: Who::Environment,
            reason: None,
        }
    }

    /// Whether it was `GREENPATCH=off` in the environment.
    pub fn is_environment(&self) -> bool {
        matches!(self.who, Who::Environment)
    }

    /// Whether it was the hook of a source module.
    pub fn is_hook(&self) -> bool {
        matches!(self.who, Who::Hook(_))
    }

    /// Whether it was a subscriber.
    pub fn is_subscriber(&self) -> bool {
        matches!(self.who, Who::Subscriber(_))
    }

    /// Whether it was a plugin.
    pub fn is_plugin(&self) -> bool {
        matches!(self.who, Who::Plugin(_))
    }

    /// The reason given, if any.
    pub fn reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }
}

impl fmt::Display for CancelledBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.who)?;
        match &self.reason {
            Some(reason) => write!(f, ": {reason}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Who::Environment => f.write_str("GREENPATCH=off in the environment"),
            Who::Hook(source) => write!(f, "the hook of {source}"),
            Who::Subscriber(at) => write!(f, "the subscriber added at {at}"),
            Who::Plugin(name) => write!(f, "the plugin {name}"),
        }
    }
}
