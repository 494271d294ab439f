//! Putting originals back.
#![forbid(unsafe_code)]

use std::sync::OnceLock;

use super::error::{Kind, PatchError};
use super::names::{self, Found, Named};
use super::progress;
use super::registry::Replacement;
use super::slot::{RawSlot, Slot};
use super::source::{self, Feature, Source};
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
        let builtin: Vec<_> = source::sources()
            .into_iter()
            .filter(|source| source.feature().is_builtin())
            .collect();
        let patched = table::replaced();
        check(builtin.iter().copied().filter(|source| is_patched(source)))?;
        Ok(put_back(&patched, builtin))
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
        let found = names::source(named)?;
        let plan = found.plan()?;
        let items: Vec<&'static RawSlot> = plan
            .modules
            .iter()
            .flat_map(|m| &m.items)
            .map(Replacement::raw)
            .collect();
        let sources = match found {
            Found::Source(source) => of_feature(source.feature()),
            Found::Loose(_) => Vec::new(),
        };
        check(sources.iter().copied())?;
        Ok(put_back(&items, sources))
    })
}

/// Puts the original of one function back; whether it was patched.
pub fn restore_item<F: Copy, D: ?Sized>(point: &'static Slot<F, D>) -> bool {
    progress::unsettle(Id::of(point.raw()));
    point.clear()
}

fn of_feature(feature: Feature) -> Vec<&'static Source> {
    source::sources()
        .into_iter()
        .filter(|source| source.feature() == feature)
        .collect()
}

fn is_patched(source: &Source) -> bool {
    source
        .items()
        .iter()
        .any(|item| item.raw().global().is_some())
}

/// Finds what stands in the way.
fn check(mut sources: impl Iterator<Item = &'static Source>) -> Result<(), PatchError> {
    if progress::is_deciding() {
        return Err(PatchError::new(Kind::InProgress(
            "what is to be restored".to_owned(),
        )));
    }
    let alive = GREEN_THREADS.get().map_or(0, |count| count());
    if alive > 0 && sources.any(|source| source.feature().is_builtin() && is_patched(source)) {
        return Err(PatchError::new(Kind::GreenThreads(alive)));
    }
    Ok(())
}

fn put_back(items: &[&'static RawSlot], sources: Vec<&'static Source>) -> usize {
    let undone: Vec<fn()> = sources
        .into_iter()
        .filter(|source| is_patched(source))
        .filter_map(|source| source.undone_hook())
        .collect();
    let mut count = 0;
    for raw in items {
        progress::unsettle(Id::of(raw));
        count += usize::from(table::put_back(raw));
    }
    for hook in undone {
        hook();
    }
    count
}
