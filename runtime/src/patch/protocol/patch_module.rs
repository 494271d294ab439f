//! The calls that patch a module, or one item.
#![forbid(unsafe_code)]

use super::apply;
use super::plan::Plan;
use crate::patch::error::PatchError;
use crate::patch::events::report::{Patched, Report};
use crate::patch::events::settings::Settings;
use crate::patch::lookup::resolve::{self, Named};
use crate::patch::table::slot::Slot;

/// Patches a module, given by a source module or by a name.
///
/// A name is the path of a source module, or of another module; leading segments can be omitted. The path of
/// another module stands for the replacements that are outside source modules and are either for this module or
/// written in it. If there are none, it stands for the only source module that targets it. The whole
/// feature of the source module is patched.
///
/// # Errors
///
/// Returns an error if the name is unknown or ambiguous, if a source module implements nothing, if an item has more than
/// one replacement, and in the cases of [`patch_all`](crate::patch_all).
///
/// # Panics
///
/// As [`patch_all`](crate::patch_all).
pub fn patch_module(source: impl Into<Named>) -> Result<Patched, PatchError> {
    let named = source.into();
    apply::one(Settings::nothing(), || {
        Plan::found(&resolve::source(named)?)
    })
}

/// Patches only these items of a module.
///
/// # Errors
///
/// As [`patch_module`], and if the source module does not implement one of the items.
///
/// # Panics
///
/// As [`patch_all`](crate::patch_all).
pub fn patch_module_items(source: impl Into<Named>, items: &[&str]) -> Result<Patched, PatchError> {
    let named = source.into();
    apply::one(Settings::nothing(), || {
        let found = resolve::source(named)?;
        let mut plan = Plan::found(&found)?;
        plan.only(&found, items)?;
        Ok(plan)
    })
}

/// Replaces one function, without calling hooks or announcing events.
///
/// # Examples
///
/// ```
/// use greenpatch::{patch_item, patch_point, patchable};
///
/// #[patchable]
/// fn price(pieces: u32) -> u32 {
///     5 * pieces
/// }
///
/// fn reduced(pieces: u32) -> u32 {
///     patch_point!(price).original()(pieces) - 1
/// }
///
/// assert!(patch_item(patch_point!(price), reduced).is_done());
/// assert_eq!(price(2), 9);
/// ```
///
/// The replacement of an `async fn` is a function that returns a boxed future:
///
/// ```
/// use greenpatch::{patch_item, patch_point, patchable};
/// use std::pin::Pin;
///
/// #[patchable]
/// async fn load(name: &str) -> usize {
///     name.len()
/// }
///
/// async fn cached(name: &str) -> usize {
///     name.len() + 1
/// }
///
/// fn boxed(name: &str) -> Pin<Box<dyn Future<Output = usize> + Send + '_>> {
///     Box::pin(cached(name))
/// }
///
/// assert!(patch_item(patch_point!(load), boxed).is_done());
/// ```
#[track_caller]
pub fn patch_item<F: Copy, D: ?Sized>(point: &'static Slot<F, D>, function: F) -> Patched {
    if let Some(forbidden) = Patched::forbidden() {
        return forbidden;
    }
    point.set(function);
    Patched::Done(Report::of_item(point.raw().site()))
}
