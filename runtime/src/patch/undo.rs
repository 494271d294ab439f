//! Putting originals back.
#![forbid(unsafe_code)]

use std::sync::OnceLock;

use super::error::{Kind, PatchError};
use super::names::{self, Named};
use super::progress;
use super::registry::Replacement;
use super::slot::{RawSlot, Slot};
use super::source::{self, Source};
use super::table::{self, Id};
use super::turn;

static GREEN_THREADS: OnceLock<fn() -> usize> = OnceLock::new();

/// Says how to count the green threads that live.
pub(crate) fn count_green_threads_with(count: fn() -> usize) {
    // The first one stays, and nobody gives another.
    let _ = GREEN_THREADS.set(count);
}

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
        Ok(table::put_back_all(table::replaced()))
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
        let modules = names::source(named)?.plan()?.modules;
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
        Ok(table::put_back_all(items))
    })
}

/// Puts the original of one function back; whether it was patched.
pub fn restore_item<F: Copy, D: ?Sized>(point: &'static Slot<F, D>) -> bool {
    progress::unsettle(Id::of(point.raw()));
    table::put_back_all([point.raw()]) > 0
}

/// Finds what stands in the way of restoring these items of built-in features, among others.
fn check(mut builtin: impl Iterator<Item = &'static RawSlot>) -> Result<(), PatchError> {
    if progress::is_deciding() {
        return Err(PatchError::new(Kind::RestoreInProgress));
    }
    let alive = GREEN_THREADS.get().map_or(0, |count| count());
    if alive > 0 && builtin.any(|raw| raw.global().is_some()) {
        return Err(PatchError::new(Kind::GreenThreads(alive)));
    }
    Ok(())
}
