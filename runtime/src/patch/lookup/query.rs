//! What is patched, and the originals.
#![forbid(unsafe_code)]

use super::point::Point;
use super::resolve;
use crate::patch::error::PatchError;
use crate::patch::table::entries;
use crate::patch::table::slot::{RawSlot, Site};

/// The part of a module that is patched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coverage {
    /// Every patch point. Of a generic function, the instantiations that have a replacement count.
    All,
    /// At least one patch point, but not all.
    Some,
    /// No patch point.
    None,
}

/// Returns how much of a module is patched. Overrides that are limited to a scope do not count.
///
/// The name is the path of a module, or the path of a source module for the items that it implements. Leading segments can
/// be omitted. Built-in modules have their names in `std`.
///
/// # Errors
///
/// Returns an error if the name is unknown or ambiguous.
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

/// Returns whether an item is patched. A generic function is patched if one of its instantiations is. Overrides that
/// are limited to a scope do not count.
///
/// The name is the path of its module followed by `f`, `Type::go` or `<Type as Trait>::go`. Leading
/// segments can be omitted. Functions of std that block have their names in std, such as `std::thread::spawn` and
/// `std::sync::Mutex::lock`; a function of the program with the same name takes precedence.
///
/// # Errors
///
/// Returns an error if the name is unknown or ambiguous.
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

/// Returns whether anything is patched.
pub fn is_anything_patched() -> bool {
    !entries::replaced().is_empty()
}

/// Returns the original function, whether it is patched or not.
///
/// # Errors
///
/// Returns an error if the name is unknown or ambiguous, or if `F` is not the type of the patch point.
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
