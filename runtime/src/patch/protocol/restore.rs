//! Putting originals back.
#![forbid(unsafe_code)]

use super::plan::Plan;
use super::{progress, turn};
use crate::patch::error::{Kind, PatchError};
use crate::patch::lookup::resolve::Named;
use crate::patch::lookup::source::Source;
use crate::patch::lookup::{resolve, source};
use crate::patch::table::entries;
use crate::patch::table::entries::Id;
use crate::patch::table::replacement::Replacement;
use crate::patch::table::scheduler;
use crate::patch::table::slot::{RawSlot, Slot};

/// Puts every original back; returns how many items were patched. All of it can be patched again.
///
/// Beyond gevent, which has no way back.
///
/// # Errors
///
/// Green threads live, and what they wait with would be taken away; join them first. Or a stage that
/// decides whether to patch called this. Nothing was changed then.
pub fn restore() -> Result<usize, PatchError> {
    turn::run(|| {
        let sources = source::sources().into_iter();
        let builtin = sources.filter(|source| source.feature().is_builtin());
        check(builtin.flat_map(Source::items).map(Replacement::raw))?;
        progress::forget();
        Ok(entries::put_back_all(entries::replaced()))
    })
}

/// Puts the originals of a module back, by a source module or a name, as
/// [`patch_module`](crate::patch_module) takes it; returns how many of its items were patched.
///
/// # Errors
///
/// Nothing of that name, or more than one; and as [`restore`].
pub fn restore_module(source: impl Into<Named>) -> Result<usize, PatchError> {
    let named = source.into();
    turn::run(|| {
        let modules = Plan::found(&resolve::source(named)?)?.modules;
        let builtin = modules.iter().filter(|module| module.feature.is_builtin());
        check(
            builtin
                .flat_map(|module| &module.items)
                .map(Replacement::raw),
        )?;
        let items = modules.iter().flat_map(|module| &module.items);
        let items: Vec<_> = items.map(Replacement::raw).collect();
        for raw in &items {
            progress::unsettle(Id::of(raw));
        }
        Ok(entries::put_back_all(items))
    })
}

/// Puts the original of one function back; whether it was patched.
pub fn restore_item<F: Copy, D: ?Sized>(point: &'static Slot<F, D>) -> bool {
    progress::unsettle(Id::of(point.raw()));
    entries::put_back_all([point.raw()]) > 0
}

/// Finds what stands in the way of restoring these items of built-in features, among others.
fn check(mut builtin: impl Iterator<Item = &'static RawSlot>) -> Result<(), PatchError> {
    if progress::is_deciding() {
        return Err(PatchError::new(Kind::RestoreInProgress));
    }
    let alive = scheduler::get().map_or(0, |scheduler| (scheduler.green_threads)());
    if alive > 0 && builtin.any(|raw| raw.global().is_some()) {
        return Err(PatchError::new(Kind::GreenThreads(alive)));
    }
    Ok(())
}
