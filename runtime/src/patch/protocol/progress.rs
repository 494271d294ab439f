//! How far patching has come: what every feature was asked to replace, what is being decided now, and
//! what `patch_all` was last asked for.
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
    /// The items that a will stage left out of what was patched. They are asked about again.
    left_out: HashMap<Feature, HashSet<Id>>,
    /// Features whose will stages run.
    deciding: Vec<Feature>,
    /// How many calls of `patch_all` go through their features, the outer ones at did stages.
    all_runs: usize,
    /// Whether the will stages of the innermost of them run.
    all_decides: bool,
    /// What the calls of `patch_all` that are not over have announced, one after the other.
    announced: Vec<(Feature, Id)>,
    /// What `patch_all` was asked for, all calls together.
    all: Option<Settings>,
}

/// Whether this item of the feature was replaced before.
pub(super) fn is_settled(feature: Feature, item: Id) -> bool {
    lock()
        .settled
        .get(&feature)
        .is_some_and(|items| items.contains(&item))
}

/// Whether this item of the feature was asked for before, and replaced or left out.
pub(super) fn is_asked(feature: Feature, item: Id) -> bool {
    let progress = lock();
    let holds = |items: &HashMap<Feature, HashSet<Id>>| {
        items
            .get(&feature)
            .is_some_and(|items| items.contains(&item))
    };
    holds(&progress.settled) || holds(&progress.left_out)
}

/// Whether anything of the feature was replaced before.
pub(super) fn is_begun(feature: Feature) -> bool {
    lock()
        .settled
        .get(&feature)
        .is_some_and(|items| !items.is_empty())
}

/// How many items of the feature were replaced before.
pub(super) fn settled(feature: Feature) -> usize {
    lock().settled.get(&feature).map_or(0, HashSet::len)
}

/// Notes that `asked` was asked for, of which `settled` is replaced and the rest was left out.
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

/// Forgets that this item was asked for, so that it can be patched again.
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

/// Forgets all that was asked for.
pub(super) fn forget() {
    let mut progress = lock();
    progress.settled.clear();
    progress.left_out.clear();
    progress.all = None;
}

/// Whether will stages run now, or some are still to come.
pub(super) fn is_deciding() -> bool {
    let progress = lock();
    progress.all_runs > 0 || !progress.deciding.is_empty()
}

/// Whether a call of `patch_all` that is not over has announced this item of the feature.
pub(super) fn is_announced(feature: Feature, item: Id) -> bool {
    lock().announced.contains(&(feature, item))
}

/// What `patch_all` was asked for before.
pub(super) fn all() -> Option<Settings> {
    lock().all.clone()
}

/// Notes what `patch_all` was asked for, all calls together.
pub(super) fn set_all(settings: Option<Settings>) {
    lock().all = settings;
}

/// The will stages of some features run, until it is dropped.
pub(super) struct Deciding {
    features: Vec<Feature>,
}

impl Deciding {
    /// Notes that the will stages of these features begin; an error if those of one run already.
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

/// A call of `patch_all`, which is over when this is dropped.
pub(super) struct All {
    /// How many items the calls around it have announced.
    around: usize,
    /// Whether it goes through its features.
    runs: bool,
}

impl All {
    /// Notes that `patch_all` begins; an error if another call of it is at a will stage.
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

    /// Notes that its will stages have agreed to these items.
    pub(super) fn announce(&self, items: impl Iterator<Item = (Feature, Id)>) {
        let items: Vec<_> = items.collect();
        let mut progress = lock();
        progress.all_decides = false;
        progress.announced.extend(items);
    }

    /// Notes that it has gone through its features.
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
