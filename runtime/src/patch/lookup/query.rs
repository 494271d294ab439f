//! What is patched, and the originals.
#![forbid(unsafe_code)]

use super::point::Point;
use super::resolve;
use crate::patch::error::PatchError;
use crate::patch::table::entries;
use crate::patch::table::slot::{RawSlot, Site};

/// How much of a module is patched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coverage {
    /// Every patch point in it; of generic functions, the instantiations that have a replacement.
    All,
    /// At least one, and not every one.
    Some,
    /// None of them.
    None,
}

/// How much of a module is patched. Overrides that are limited to a scope do not count.
///
/// The name is a module's path, or a source module's, for what that implements; leading segments may
/// be left out. Built-in modules go by their names in `std`.
///
/// # Errors
///
/// Nothing of that name, or more than one.
pub fn is_module_patched(module: &str) -> Result<Coverage, PatchError> {
    let members = resolve::module(module)?;
    let patched = |raw: &&RawSlot| raw.global().is_some();
    Ok(
        match members.slots.iter().copied().filter(patched).count() {
            0 => Coverage::None,
            all if all == members.slots.len() + members.unmade => Coverage::All,
            _ => Coverage::Some,
        },
    )
}

/// Whether an item is patched; a generic function, whether an instantiation of it is. Overrides that
/// are limited to a scope do not count.
///
/// The name is the path of its module followed by `f`, `Type::go` or `<Type as Trait>::go`; leading
/// segments may be left out. Functions of std that block go by their names, as `std::thread::spawn` and
/// `std::sync::Mutex::lock`; a function of the program's own that is called so goes before.
///
/// # Errors
///
/// Nothing of that name, or more than one.
pub fn is_item_patched(item: &str) -> Result<bool, PatchError> {
    let raw = resolve::item(item)?.raw;
    if !raw.is_generic() {
        return Ok(raw.global().is_some());
    }
    let generic = raw.site();
    let start = format!("{}::<", generic.name);
    let is_instance = |site: Site| site.module == generic.module && site.name.starts_with(&start);
    Ok(entries::replaced()
        .iter()
        .any(|raw| is_instance(raw.site())))
}

/// Whether anything is patched now.
pub fn is_anything_patched() -> bool {
    !entries::replaced().is_empty()
}

/// The function as its author wrote it, whether it is patched or not.
///
/// # Errors
///
/// Nothing of that name, or more than one; `F` is not the type of the patch point.
///
/// # Examples
///
/// ```standalone_crate
/// mod demo {
///     #[greenpatch::patchable]
///     pub fn double(x: u32) -> u32 {
///         2 * x
///     }
/// }
/// let double = greenpatch::original::<fn(u32) -> u32>("demo::double")?;
/// assert_eq!(double(4), 8);
/// # Ok::<(), greenpatch::PatchError>(())
/// ```
pub fn original<F: Copy + 'static>(item: &str) -> Result<F, PatchError> {
    Ok(Point::named(item)?.original())
}
