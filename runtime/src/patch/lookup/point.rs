//! A patch point that is looked up by its name at run time, when its type is checked.
//!
//! Invariant 1: the `F` of a [`Point`] is that of its slot. Their `TypeId`s are equal, which distinguishes
//! types that differ only in a bound lifetime.
#![allow(unsafe_code)]

use std::any;
use std::any::TypeId;
use std::fmt;
use std::marker::PhantomData;
use std::panic::Location;

use super::resolve;
use crate::patch::error::{Kind, PatchError};
use crate::patch::events::report::{Patched, Report};
use crate::patch::table::entries::By;
use crate::patch::table::replacement::Replacement;
use crate::patch::table::slot::RawSlot;
use crate::patch::table::{entries, slot};

/// A typed handle to a patch point that was looked up by its name.
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
/// use greenpatch::Point;
///
/// fn twice_as_much(x: u32) -> u32 {
///     let point = Point::<fn(u32) -> u32>::named("demo::double").expect("it was found before");
///     2 * point.original()(x)
/// }
///
/// let point = Point::<fn(u32) -> u32>::named("demo::double")?;
/// assert!(point.patch(twice_as_much).is_done());
/// assert_eq!(demo::double(4), 16);
/// # Ok::<(), greenpatch::PatchError>(())
/// ```
pub struct Point<F> {
    raw: &'static RawSlot,
    /// Invariant in `F`, as `Slot` is and for the same reason: invariant 1 holds for
    /// the `F` that was compared, and not for a type that it could be coerced to.
    of: PhantomData<fn(F) -> F>,
}

impl<F: Copy + 'static> Point<F> {
    /// Looks up a patch point by its name: the path of its module followed by `f`, `Type::go` or
    /// `<Type as Trait>::go`. Leading segments can be omitted.
    ///
    /// # Errors
    ///
    /// Returns an error if the name is unknown or ambiguous, or if `F` is not the type of the patch point.
    pub fn named(item: &str) -> Result<Self, PatchError> {
        let raw = resolve::item(item)?.raw;
        if raw.type_id() != TypeId::of::<F>() {
            let (expected, found) = (raw.type_name(), any::type_name::<F>());
            let name = item.to_owned();
            return Err(PatchError::new(Kind::WrongType {
                name,
                expected,
                found,
            }));
        }
        Ok(Point {
            raw,
            of: PhantomData,
        })
    }

    /// Returns the original function.
    pub fn original(self) -> F {
        // SAFETY: by invariant 1 `F` is the slot's type, from which its original was erased.
        unsafe { slot::restore(self.raw.original()) }
    }

    /// Returns whether the function is patched.
    pub fn is_patched(self) -> bool {
        self.raw.global().is_some()
    }

    /// Replaces the function, without calling hooks or announcing events.
    #[track_caller]
    pub fn patch(self, function: F) -> Patched {
        if let Some(forbidden) = Patched::forbidden() {
            return forbidden;
        }
        let site = entries::calling_site("Point::patch", Location::caller());
        // SAFETY: by invariant 1 `F` is the slot's type.
        let item = unsafe { Replacement::of_raw(self.raw, function, site) };
        entries::replace_all([(item, By { source: None, site })]);
        Patched::Done(Report::of_item(self.raw.site()))
    }
}

impl<F> Clone for Point<F> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<F> Copy for Point<F> {}

impl<F> fmt::Debug for Point<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Point({})", self.raw.site())
    }
}
