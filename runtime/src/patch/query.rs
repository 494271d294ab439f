//! What is patched, and the originals.
#![forbid(unsafe_code)]

use super::error::PatchError;
use super::names;
use super::point::Point;
use super::table;

/// How much of a module is patched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coverage {
    /// Every patch point in it.
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
    let items = names::module(module)?;
    let patched = items.iter().filter(|raw| raw.global().is_some()).count();
    Ok(match patched {
        0 => Coverage::None,
        all if all == items.len() => Coverage::All,
        _ => Coverage::Some,
    })
}

/// Whether an item is patched. Overrides that are limited to a scope do not count.
///
/// The name is the path of its module followed by `f`, `Type::go` or `<Type as Trait>::go`; leading
/// segments may be left out.
///
/// # Errors
///
/// Nothing of that name, or more than one.
pub fn is_item_patched(item: &str) -> Result<bool, PatchError> {
    Ok(names::item(item)?.raw.global().is_some())
}

/// Whether anything is patched now.
pub fn is_anything_patched() -> bool {
    !table::replaced().is_empty()
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
