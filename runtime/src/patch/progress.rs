//! How far patching has come: what every feature was asked to replace, what is being decided now, and
//! what `patch_all` was last asked for.
#![forbid(unsafe_code)]

use std::collections::{HashMap, HashSet};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use super::error::{Kind, PatchError};
use super::options::Settings;
use super::source::Feature;
use super::table::Id;

static PROGRESS: LazyLock<Mutex<Progress>> = LazyLock::new(Mutex::default);

#[derive(Default)]
struct Progress {
    /// The items that were asked for and not cancelled, whatever a will stage left out of them.
    settled: HashMap<Feature, HashSet<Id>>,
    /// Features whose will stages run.
    deciding: Vec<Feature>,
    /// Whether `patch_all` runs, and has not yet gone through its features.
    all_runs: bool,
    /// What `patch_all` was asked for, all calls together.
    all: Option<Settings>,
}

/// Whether this item of the feature was asked for before.
pub(super) fn is_settled(feature: Feature, item: Id) -> bool {
    lock()
        .settled
        .get(&feature)
        .is_some_and(|items| items.contains(&item))
}

/// Whether anything of the feature was asked for before.
pub(super) fn is_begun(feature: Feature) -> bool {
    lock()
        .settled
        .get(&feature)
        .is_some_and(|items| !items.is_empty())
}

/// How many items of the feature were asked for before.
pub(super) fn settled(feature: Feature) -> usize {
    lock().settled.get(&feature).map_or(0, HashSet::len)
}

/// Notes that these items were asked for.
pub(super) fn settle(items: impl Iterator<Item = (Feature, Id)>) {
    let mut progress = lock();
    for (feature, item) in items {
        progress.settled.entry(feature).or_default().insert(item);
    }
}

/// Forgets that this item was asked for, so that it can be patched again.
pub(super) fn unsettle(item: Id) {
    let mut progress = lock();
    for items in progress.settled.values_mut() {
        items.remove(&item);
    }
    progress.all = None;
}

/// Forgets all that was asked for.
pub(super) fn forget() {
    let mut progress = lock();
    progress.settled.clear();
    progress.all = None;
}

/// Whether will stages run now.
pub(super) fn is_deciding() -> bool {
    let progress = lock();
    progress.all_runs || !progress.deciding.is_empty()
}

/// What `patch_all` was asked for before.
pub(super) fn all() -> Option<Settings> {
    lock().all.clone()
}

/// Notes what `patch_all` was asked for.
pub(super) fn set_all(settings: Settings) {
    lock().all = Some(settings);
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

/// `patch_all` runs, until it is dropped.
pub(super) struct All(());

impl All {
    /// Notes that `patch_all` begins; an error if it runs already.
    pub(super) fn begin() -> Result<Self, PatchError> {
        let mut progress = lock();
        if progress.all_runs {
            return Err(PatchError::new(Kind::InProgress("everything".to_owned())));
        }
        progress.all_runs = true;
        Ok(All(()))
    }
}

impl Drop for All {
    fn drop(&mut self) {
        lock().all_runs = false;
    }
}

fn lock() -> MutexGuard<'static, Progress> {
    PROGRESS.lock().unwrap_or_else(PoisonError::into_inner)
}
