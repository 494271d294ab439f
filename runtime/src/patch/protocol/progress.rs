//! The progress of patching: the items that each feature has replaced or left out, the features that are being decided
//! on, and the settings of `patch_all` so far.
#![forbid(unsafe_code)]

use std::collections::{HashMap, HashSet};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use crate::patch::error::{Kind, PatchError};
use crate::patch::events::settings::Settings;
use crate::patch::feature::Feature;
use crate::patch::table::entries::Id;

static PROGRESS: LazyLock<Mutex<Progress>> = LazyLock::new(Mutex::default);

#[derive(Default)]
struct Progress {
    /// The items that were replaced.
    settled: HashMap<Feature, HashSet<Id>>,
    /// The items that a will stage left out. Later calls include them again.
    left_out: HashMap<Feature, HashSet<Id>>,
    /// The features that are at a will stage.
    deciding: Vec<Feature>,
    /// The number of calls of `patch_all` that are going through their features. All but the innermost are at did stages.
    all_runs: usize,
    /// Whether the will stages of the innermost call are running.
    all_decides: bool,
    /// The items that the unfinished calls of `patch_all` have announced, outer calls first.
    announced: Vec<(Feature, Id)>,
    /// The union of the settings of all calls of `patch_all`.
    all: Option<Settings>,
}

/// Returns whether this item of the feature was replaced before.
pub(super) fn is_settled(feature: Feature, item: Id) -> bool {
    lock()
        .settled
        .get(&feature)
        .is_some_and(|items| items.contains(&item))
}

/// Returns whether this item of the feature was replaced or left out before.
pub(super) fn is_asked(feature: Feature, item: Id) -> bool {
    let progress = lock();
    let holds = |items: &HashMap<Feature, HashSet<Id>>| {
        items
            .get(&feature)
            .is_some_and(|items| items.contains(&item))
    };
    holds(&progress.settled) || holds(&progress.left_out)
}

/// Returns whether any item of the feature was replaced before.
pub(super) fn is_begun(feature: Feature) -> bool {
    lock()
        .settled
        .get(&feature)
        .is_some_and(|items| !items.is_empty())
}

/// Returns the number of items of the feature that were replaced before.
pub(super) fn settled(feature: Feature) -> usize {
    lock().settled.get(&feature).map_or(0, HashSet::len)
}

/// Records that `settled` was replaced, and the rest of `asked` was left out.
pub(super) fn settle(
    asked: impl Iterator<Item = (Feature, Id)>,
    settled: impl Iterator<Item = (Feature, Id)>,
) {
    let mut progress = lock();
    for (feature, item) in asked {
        progress.left_out.entry(feature).or_default().insert(item);
    }
    for (feature, item) in settled {
        if let Some(items) = progress.left_out.get_mut(&feature) {
            items.remove(&item);
        }
        progress.settled.entry(feature).or_default().insert(item);
    }
}

/// Forgets this item, so that it can be patched again.
pub(super) fn unsettle(item: Id) {
    let mut progress = lock();
    let Progress {
        settled, left_out, ..
    } = &mut *progress;
    for items in settled.values_mut().chain(left_out.values_mut()) {
        items.remove(&item);
    }
    progress.all = None;
}

/// Forgets all items and settings.
pub(super) fn forget() {
    let mut progress = lock();
    progress.settled.clear();
    progress.left_out.clear();
    progress.all = None;
}

/// Returns whether will stages are running, or some are still to come.
pub(super) fn is_deciding() -> bool {
    let progress = lock();
    progress.all_runs > 0 || !progress.deciding.is_empty()
}

/// Returns whether an unfinished call of `patch_all` has announced this item of the feature.
pub(super) fn is_announced(feature: Feature, item: Id) -> bool {
    lock().announced.contains(&(feature, item))
}

/// Returns the union of the settings of earlier calls of `patch_all`.
pub(super) fn all() -> Option<Settings> {
    lock().all.clone()
}

/// Sets the union of the settings of all calls of `patch_all`.
pub(super) fn set_all(settings: Option<Settings>) {
    lock().all = settings;
}

/// A guard that marks features as being decided on until it is dropped.
pub(super) struct Deciding {
    features: Vec<Feature>,
}

impl Deciding {
    /// Marks these features as being decided on, or returns an error if one of them already is.
    pub(super) fn begin(features: Vec<Feature>) -> Result<Self, PatchError> {
        let mut progress = lock();
        if let Some(twice) = features.iter().find(|f| progress.deciding.contains(f)) {
            let what = format!("the feature {twice}");
            return Err(PatchError::new(Kind::InProgress(what)));
        }
        progress.deciding.extend(&features);
        Ok(Deciding { features })
    }
}

impl Drop for Deciding {
    fn drop(&mut self) {
        let over = |feature: &Feature| self.features.contains(feature);
        lock().deciding.retain(|feature| !over(feature));
    }
}

/// A guard for a call of `patch_all`, which is over when the guard is dropped.
pub(super) struct All {
    /// The number of items that the enclosing calls have announced.
    around: usize,
    /// Whether the call is going through its features.
    runs: bool,
}

impl All {
    /// Records that `patch_all` begins, or returns an error if another call of it is at a will stage.
    pub(super) fn begin() -> Result<Self, PatchError> {
        let mut progress = lock();
        let deciding = progress.all_decides || !progress.deciding.is_empty();
        if progress.all_runs > 0 && deciding {
            return Err(PatchError::new(Kind::InProgress("everything".to_owned())));
        }
        progress.all_runs += 1;
        progress.all_decides = true;
        Ok(All {
            around: progress.announced.len(),
            runs: true,
        })
    }

    /// Records that the will stages of the call have accepted these items.
    pub(super) fn announce(&self, items: impl Iterator<Item = (Feature, Id)>) {
        let items: Vec<_> = items.collect();
        let mut progress = lock();
        progress.all_decides = false;
        progress.announced.extend(items);
    }

    /// Records that the call has gone through its features.
    pub(super) fn gone_through(&mut self) {
        if self.runs {
            let mut progress = lock();
            progress.all_runs -= 1;
            progress.all_decides = false;
            self.runs = false;
        }
    }
}

impl Drop for All {
    fn drop(&mut self) {
        self.gone_through();
        lock().announced.truncate(self.around);
    }
}

fn lock() -> MutexGuard<'static, Progress> {
    PROGRESS.lock().unwrap_or_else(PoisonError::into_inner)
}
