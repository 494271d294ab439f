//! The calls that restore originals.
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

/// Restores all originals, and returns the number of items that were patched. They can be patched again.
///
/// gevent has no counterpart.
///
/// # Errors
///
/// Returns an error if green threads are alive, which could no longer block; join them first. Also returns an error if
/// a stage that decides whether to patch calls this. On an error nothing is changed.
pub fn restore() -> Result<usize, PatchError> {
    turn::run(|| {
        let sources = source::sources().into_iter();
        let builtin = sources.filter(|source| source.feature().is_builtin());
        check(builtin.flat_map(Source::items).map(Replacement::raw))?;
        progress::forget();
        let count = entries::put_back_all(entries::replaced());
        scheduler::note(format_args!("restore {count} items"));
        Ok(count)
    })
}

/// Restores the originals of a module, given as for [`patch_module`](crate::patch_module), and returns the number of its
/// items that were patched.
///
/// # Errors
///
/// Returns an error if the name is unknown or ambiguous, and in the cases of [`restore`].
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
        let count = entries::put_back_all(items);
        for module in &modules {
            scheduler::note(format_args!("restore {}", module.target));
        }
        Ok(count)
    })
}

/// Restores the original of one function, and returns whether it was patched.
pub fn restore_item<F: Copy, D: ?Sized>(point: &'static Slot<F, D>) -> bool {
    progress::unsettle(Id::of(point.raw()));
    let was_patched = entries::put_back_all([point.raw()]) > 0;
    if was_patched {
        let site = point.raw().site();
        scheduler::note(format_args!("restore {}::{}", site.module, site.name));
    }
    was_patched
}

/// Returns an error if these items of built-in features cannot be restored now.
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
