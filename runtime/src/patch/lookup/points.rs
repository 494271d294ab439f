//! The listing of all patch points, and of all functions that were passed over.
#![forbid(unsafe_code)]

use std::borrow::Cow;
use std::fmt;

use super::resolve;
use crate::patch::table::entries;
use crate::patch::table::registry::PassedOver;
use crate::patch::table::slot::Site;

/// An entry of the listing that [`patch_points`] returns.
#[derive(Clone, Debug)]
pub struct PatchPointInfo {
    module: &'static str,
    item: &'static str,
    site: Site,
    type_name: &'static str,
    state: PatchState,
    overrides: usize,
}

/// The state of a patch point.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PatchState {
    /// The original function runs.
    Original,
    /// A replacement runs.
    Replaced {
        /// The source module that replaced it, or `None` if a call replaced only this item.
        source: Option<&'static str>,
        /// The replacement, or the call that replaced it.
        by: Site,
    },
    /// The function is not a patch point.
    PassedOver {
        /// Why it is not a patch point.
        reason: &'static str,
    },
}

/// All patch points of the program, and all functions of annotated items that are not patch points.
#[derive(Clone, Debug)]
pub struct PatchPoints {
    points: Vec<PatchPointInfo>,
}

/// Lists all patch points of the program, and all functions of annotated items that are not patch points, in
/// the order of their modules and lines.
///
/// A crate that the program never names is not linked, and what it declares is not listed:
/// `use that_crate as _;` links it. Of a generic function, the instantiations that have
/// a replacement are listed. A built-in patch point is listed as the functions of std that block by it.
///
/// # Examples
///
/// ```
/// let points = greenpatch::patch_points();
/// println!("{points}");
/// assert!(points.iter().all(|point| point.line() > 0));
/// ```
pub fn patch_points() -> PatchPoints {
    let mut points: Vec<PatchPointInfo> = resolve::points()
        .into_iter()
        .flat_map(PatchPointInfo::of)
        .collect();
    points.extend(
        inventory::iter::<PassedOver>
            .into_iter()
            .map(PatchPointInfo::passed_over),
    );
    points.sort_by_key(|point| (point.module, point.site.file, point.site.line));
    PatchPoints { points }
}

impl PatchPointInfo {
    /// Returns an entry for each name of a patch point.
    fn of(point: resolve::NamedSlot) -> Vec<Self> {
        let raw = point.raw;
        let state = match entries::replaced_by(raw) {
            None => PatchState::Original,
            Some(by) => PatchState::Replaced {
                source: by.source,
                by: by.site,
            },
        };
        // A type that names private items is not useful.
        let private = |name: &&str| point.is_builtin() && name.contains("greenpatch::");
        let type_name = Some(raw.type_name()).filter(|name| !private(name));
        let line = |name: &'static str| {
            let (module, item) = split(name).unwrap_or((point.module, name));
            PatchPointInfo {
                module,
                item,
                site: raw.site(),
                type_name: type_name.unwrap_or_default(),
                state: state.clone(),
                overrides: entries::overrides(raw),
            }
        };
        point.shown().into_iter().map(line).collect()
    }

    fn passed_over(function: &PassedOver) -> Self {
        let site = function.site();
        let state = PatchState::PassedOver {
            reason: function.reason(),
        };
        PatchPointInfo {
            module: site.module,
            item: site.name,
            site,
            type_name: "",
            state,
            overrides: 0,
        }
    }

    /// Returns the module of the function. For a built-in patch point this is a module of `std`.
    pub fn module(&self) -> &'static str {
        self.module
    }

    /// Returns `f`, `Type::go` or `<Type as Trait>::go`. For a built-in patch point this is a function of std that blocks by it.
    pub fn item(&self) -> &'static str {
        self.item
    }

    /// Returns the source file.
    pub fn file(&self) -> &'static str {
        self.site.file
    }

    /// Returns the line, counted from 1.
    pub fn line(&self) -> u32 {
        self.site.line
    }

    /// Returns the type of the function pointer. It is empty for a function that is not a patch point, and if the type is private to
    /// greenpatch.
    pub fn type_name(&self) -> &'static str {
        self.type_name
    }

    /// Returns the state of the function where no scope overrides it.
    pub fn state(&self) -> &PatchState {
        &self.state
    }

    /// Returns the number of scopes that override the function.
    pub fn overrides(&self) -> usize {
        self.overrides
    }
}

/// Splits a path in std into the module and the item, given that types begin with capital letters.
fn split(path: &'static str) -> Option<(&'static str, &'static str)> {
    let is_type = |at: &usize| path[at + 2..].starts_with(char::is_uppercase);
    let mut ends = path.match_indices("::").map(|(at, _)| at);
    let last = path.rfind("::").filter(|_| path.starts_with("std::"))?;
    let end = ends.find(is_type).unwrap_or(last);
    Some((&path[..end], &path[end + 2..]))
}

impl PatchPoints {
    /// Returns an iterator over the entries.
    pub fn iter(&self) -> std::slice::Iter<'_, PatchPointInfo> {
        self.points.iter()
    }

    /// Returns the number of entries.
    pub fn len(&self) -> usize {
        self.points.len()
    }

    /// Returns whether there are no entries.
    pub fn is_empty(&self) -> bool {
        self.points.is_empty()
    }
}

impl IntoIterator for PatchPoints {
    type Item = PatchPointInfo;
    type IntoIter = std::vec::IntoIter<PatchPointInfo>;

    fn into_iter(self) -> Self::IntoIter {
        self.points.into_iter()
    }
}

impl<'a> IntoIterator for &'a PatchPoints {
    type Item = &'a PatchPointInfo;
    type IntoIter = std::slice::Iter<'a, PatchPointInfo>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for PatchPoints {
    /// Writes a table with a line for each entry.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = ["module", "item", "state", "where", "type"].map(Cow::Borrowed);
        let rows: Vec<[Cow<'_, str>; 5]> = [head]
            .into_iter()
            .chain(self.points.iter().map(PatchPointInfo::row))
            .collect();
        let mut widths = [0; 5];
        for row in &rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = cell.chars().count().max(*width);
            }
        }
        for row in rows {
            let cells = row
                .iter()
                .zip(widths)
                .map(|(cell, width)| format!("{cell:width$}"));
            writeln!(f, "{}", cells.collect::<Vec<_>>().join("  ").trim_end())?;
        }
        Ok(())
    }
}

impl PatchPointInfo {
    fn row(&self) -> [Cow<'_, str>; 5] {
        let mut state = match &self.state {
            PatchState::Original => "original".to_owned(),
            PatchState::Replaced {
                source: Some(source),
                by,
            } => {
                format!("replaced by {source} ({}:{})", by.file, by.line)
            }
            PatchState::Replaced { source: None, by } => {
                format!("replaced by {} ({}:{})", by.name, by.file, by.line)
            }
            PatchState::PassedOver { reason } => format!("passed over: {reason}"),
        };
        if self.overrides > 0 {
            state.push_str(&format!(", overridden in {}", self.overrides));
        }
        let place = format!("{}:{}", self.site.file, self.site.line);
        [
            self.module.into(),
            self.item.into(),
            state.into(),
            place.into(),
            self.type_name.into(),
        ]
    }
}
