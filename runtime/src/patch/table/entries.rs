//! The entries of the table: which items are replaced and by what, and which slots contain their trampolines.
//!
//! Invariants:
//! 1. Slots are written only under the table's lock, which is never held while user code runs.
//! 2. A slot contains its trampoline while a scope overrides it, and also while a `native` scope exists and
//!    its replacement is not steady. Otherwise it contains its replacement, or null.
#![allow(unsafe_code)]

use std::collections::HashMap;
use std::panic::Location;
use std::ptr;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use super::replacement::Replacement;
use super::slot::{RawSlot, Site, Slot};

static TABLE: LazyLock<Mutex<Table>> = LazyLock::new(Mutex::default);

/// The identity of a patch point: the address of its slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Id(*const RawSlot);

// SAFETY: the address is compared and never dereferenced.
unsafe impl Send for Id {}
// SAFETY: as above.
unsafe impl Sync for Id {}

impl Id {
    pub(crate) fn of(raw: &RawSlot) -> Id {
        Id(ptr::from_ref(raw))
    }
}

/// What replaced an item.
#[derive(Clone, Copy, Debug)]
pub(crate) struct By {
    /// The source module, or `None` for `patch_item`.
    pub(crate) source: Option<&'static str>,
    /// The replacement function, or the call of `patch_item`.
    pub(crate) site: Site,
}

#[derive(Clone, Copy)]
struct Replaced {
    raw: &'static RawSlot,
    by: By,
    steady: bool,
}

#[derive(Default)]
struct Table {
    replaced: HashMap<Id, Replaced>,
    overridden: HashMap<Id, (&'static RawSlot, usize)>,
    native: usize,
}

/// Replaces all these items under one lock.
pub(crate) fn replace_all(items: impl IntoIterator<Item = (Replacement, By)>) {
    // Before taking the lock, because finding the slot of a replacement may run code outside the table.
    let items: Vec<_> = items
        .into_iter()
        .map(|(item, by)| (item.raw(), item, by))
        .collect();
    let mut table = lock();
    for (raw, item, by) in items {
        // SAFETY: by invariant 1 of `registry` the function was made from an `F` of this slot.
        unsafe { raw.set_global(Some(item.function())) };
        let steady = item.is_steady();
        table
            .replaced
            .insert(Id::of(raw), Replaced { raw, by, steady });
        table.place(raw);
    }
}

/// Restores all these originals under one lock, and returns how many of them were replaced.
pub(crate) fn put_back_all(slots: impl IntoIterator<Item = &'static RawSlot>) -> usize {
    let slots: Vec<_> = slots.into_iter().collect();
    let mut table = lock();
    let mut count = 0;
    for raw in slots {
        count += usize::from(table.replaced.remove(&Id::of(raw)).is_some());
        // SAFETY: no function is stored, so none can have the wrong type.
        unsafe { raw.set_global(None) };
        table.place(raw);
    }
    count
}

/// Returns what replaced the function of a slot, if it is replaced.
pub(crate) fn replaced_by(raw: &RawSlot) -> Option<By> {
    lock()
        .replaced
        .get(&Id::of(raw))
        .map(|replaced| replaced.by)
}

/// Returns the slots of all items that are replaced.
pub(crate) fn replaced() -> Vec<&'static RawSlot> {
    lock()
        .replaced
        .values()
        .map(|replaced| replaced.raw)
        .collect()
}

/// Returns the number of scopes that override a slot.
pub(crate) fn overrides(raw: &RawSlot) -> usize {
    lock()
        .overridden
        .get(&Id::of(raw))
        .map_or(0, |(_, scopes)| *scopes)
}

/// Adds a scope that overrides these slots.
pub(crate) fn begin_override(slots: impl Iterator<Item = &'static RawSlot>) {
    let mut table = lock();
    for raw in slots {
        table.overridden.entry(Id::of(raw)).or_insert((raw, 0)).1 += 1;
        table.place(raw);
    }
}

/// Removes a scope that overrides these slots.
pub(crate) fn end_override(slots: impl Iterator<Item = &'static RawSlot>) {
    let mut table = lock();
    for raw in slots {
        let id = Id::of(raw);
        if let Some((_, scopes)) = table.overridden.get_mut(&id) {
            *scopes -= 1;
            if *scopes == 0 {
                table.overridden.remove(&id);
            }
        }
        table.place(raw);
    }
}

/// Adds a scope in which originals run.
pub(crate) fn begin_native() {
    lock().count_native(1);
}

/// Removes a scope in which originals run.
pub(crate) fn end_native() {
    lock().count_native(-1);
}

fn lock() -> MutexGuard<'static, Table> {
    TABLE.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Table {
    /// Establishes invariant 2 for a slot.
    fn place(&self, raw: &RawSlot) {
        let id = Id::of(raw);
        let turns_native = || self.native > 0 && self.replaced.get(&id).is_some_and(|r| !r.steady);
        let looks_up = self.overridden.contains_key(&id) || turns_native();
        raw.place(looks_up);
    }

    fn count_native(&mut self, change: isize) {
        let before = self.native;
        self.native = before.saturating_add_signed(change);
        if (before == 0) != (self.native == 0) {
            for replaced in self.replaced.values() {
                self.place(replaced.raw);
            }
        }
    }
}

impl<F: Copy, D: ?Sized> Slot<F, D> {
    /// Replaces the function for all threads, without calling hooks or announcing events.
    #[track_caller]
    pub(crate) fn set(&'static self, function: F) {
        let site = calling_site("patch_item", Location::caller());
        let by = By { source: None, site };
        replace_all([(Replacement::new(self, function, site), by)]);
    }
}

/// Returns the site of a call that replaces an item with a function for which no site is known.
pub(crate) fn calling_site(name: &'static str, at: &'static Location<'static>) -> Site {
    Site {
        module: "",
        name,
        file: at.file(),
        line: at.line(),
    }
}
