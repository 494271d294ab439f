//! Resolves the name of a module, a source module, or an item. Leading segments can be omitted.
#![forbid(unsafe_code)]

use std::collections::HashSet;

use super::source;
use super::source::Source;
use crate::patch::error::{Kind, PatchError};
use crate::patch::feature::Feature;
use crate::patch::table::entries;
use crate::patch::table::entries::Id;
use crate::patch::table::registry::PatchPoint;
use crate::patch::table::replacement::{self, Known, Replacement};
use crate::patch::table::slot::{RawSlot, Site};

/// A source module, or the name of one or of its target.
#[derive(Debug)]
pub enum Named {
    /// The source module itself.
    Source(&'static Source),
    /// Its path, or the path of its target.
    Name(String),
}

impl From<&'static Source> for Named {
    fn from(source: &'static Source) -> Self {
        Named::Source(source)
    }
}

impl From<&str> for Named {
    fn from(name: &str) -> Self {
        Named::Name(name.to_owned())
    }
}

/// The meaning of the name of a module.
pub(crate) enum Found {
    /// A source module.
    Source(&'static Source),
    /// The built-in features for a module of std.
    Builtin {
        target: &'static str,
        features: Vec<Feature>,
    },
    /// The replacements outside source modules that are for a module, or are written in it.
    Loose(&'static str),
}

impl Found {
    /// Returns the name for messages.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Found::Loose(target) | Found::Builtin { target, .. } => target,
            Found::Source(source) => source.name(),
        }
    }
}

/// A patch point and its names.
#[derive(Clone, Copy)]
pub(crate) struct NamedSlot {
    pub(crate) raw: &'static RawSlot,
    /// Its module. For a built-in patch point this is a module of `std`.
    pub(crate) module: &'static str,
    /// Its names, if it is built in.
    known: Option<Known>,
}

impl NamedSlot {
    /// Returns whether it is built in.
    pub(crate) fn is_builtin(&self) -> bool {
        self.known.is_some()
    }

    /// Returns the names under which it is listed.
    pub(crate) fn shown(&self) -> Vec<&'static str> {
        match self.known {
            Some(known) => known.shown.to_vec(),
            None => vec![self.raw.site().name],
        }
    }

    /// Returns the names by which it is found.
    fn full_names(&self) -> Vec<String> {
        let Some(known) = self.known else {
            let site = self.raw.site();
            return vec![format!("{}::{}", site.module, site.name)];
        };
        let full = |name: &&str| match name.starts_with("std::") {
            true => (*name).to_owned(),
            false => format!("{}::{name}", self.module),
        };
        known.shown.iter().chain(known.also).map(full).collect()
    }
}

/// Resolves a source module, or the name of a module.
pub(crate) fn source(named: Named) -> Result<Found, PatchError> {
    let name = match named {
        Named::Source(source) => return Ok(Found::Source(source)),
        Named::Name(name) => name,
    };
    let sources = source::sources();
    let by_name = best(&name, sources.iter().map(|source| (source.name(), *source)));
    if let Some(source) = one(&name, by_name, source_site)? {
        return Ok(Found::Source(source));
    }
    let loose = replacement::loose().flat_map(|item| {
        let site = item.site();
        let for_it = Site {
            module: item.module(),
            ..site
        };
        [for_it, site]
    });
    let by_loose = best(&name, loose.map(|site| (site.module, site)));
    if let Some(site) = one_module(&name, by_loose)? {
        return Ok(Found::Loose(site.module));
    }
    let by_target = best(
        &name,
        sources.iter().map(|source| (source.target(), *source)),
    );
    let mut features: Vec<Feature> = by_target.iter().map(|source| source.feature()).collect();
    features.dedup();
    if !features.is_empty() && features.iter().all(|feature| feature.is_builtin()) {
        let target = by_target[0].target();
        return Ok(Found::Builtin { target, features });
    }
    match (by_target.first(), features.len()) {
        // The modules of one feature may share a target, and are patched together.
        (Some(source), 1) => Ok(Found::Source(source)),
        _ => one(&name, by_target, source_site)?
            .map(Found::Source)
            .ok_or(PatchError::new(Kind::UnknownModule(name))),
    }
}

/// Resolves the name of an item.
pub(crate) fn item(name: &str) -> Result<NamedSlot, PatchError> {
    let points = points();
    let find = |builtin: bool| {
        let named: Vec<(String, NamedSlot)> = points
            .iter()
            .filter(|point| point.is_builtin() == builtin)
            .flat_map(|point| point.full_names().into_iter().map(|full| (full, *point)))
            .collect();
        let mut found = best(
            name,
            named.iter().map(|(full, point)| (full.as_str(), *point)),
        );
        found.dedup_by_key(|point| Id::of(point.raw));
        found
    };
    let mut found = find(false);
    if found.is_empty() {
        found = find(true);
    }
    if let Some(point) = one(name, found, |point| point.raw.site())? {
        return Ok(point);
    }
    // An instantiation without a slot is represented by its generic function.
    let generic = name.find("::<").map(|end| item(&name[..end]));
    match generic {
        Some(Ok(point)) if point.raw.is_generic() => Ok(point),
        _ => Err(PatchError::new(Kind::UnknownItem {
            name: name.to_owned(),
            module: None,
        })),
    }
}

/// The patch points of a module.
pub(crate) struct Members {
    pub(crate) slots: Vec<&'static RawSlot>,
    /// The number of instantiations of generic functions that have no slot.
    pub(crate) unmade: usize,
}

impl Members {
    fn new(slots: impl Iterator<Item = Option<&'static RawSlot>>) -> Self {
        let mut members = Members {
            slots: Vec::new(),
            unmade: 0,
        };
        let mut seen = HashSet::new();
        for slot in slots {
            match slot {
                None => members.unmade += 1,
                // A generic function is patched by its instantiations.
                Some(raw) if raw.is_generic() || !seen.insert(Id::of(raw)) => {}
                Some(raw) => members.slots.push(raw),
            }
        }
        members
    }
}

/// Returns the patch points of the module of that name, or those that the source module of that name implements.
pub(crate) fn module(name: &str) -> Result<Members, PatchError> {
    let points = points();
    let modules = points.iter().map(|point| (point.module, point.raw));
    let found = best(name, modules.map(|point| (point.0, point)));
    let Some((module, first)) = found.first().copied() else {
        let sources = source::sources()
            .into_iter()
            .map(|source| (source.name(), source));
        return match one(name, best(name, sources), source_site)? {
            Some(source) => Ok(Members::new(
                source.items().iter().map(Replacement::made_raw),
            )),
            None => Err(PatchError::new(Kind::UnknownModule(name.to_owned()))),
        };
    };
    if let Some((_, other)) = found.iter().find(|(other, _)| *other != module) {
        let candidates = vec![first.site(), other.site()];
        return Err(PatchError::new(Kind::Ambiguous {
            name: name.to_owned(),
            candidates,
        }));
    }
    Ok(Members::new(found.into_iter().map(|(_, raw)| Some(raw))))
}

/// Returns all patch points that are declared, replaced, or have a replacement, in the order of their
/// modules and lines.
pub(crate) fn points() -> Vec<NamedSlot> {
    let sources = source::sources();
    let implemented = || sources.iter().flat_map(|source| source.items());
    let mut seen = HashSet::new();
    let mut points: Vec<NamedSlot> = inventory::iter::<PatchPoint>
        .into_iter()
        .map(PatchPoint::raw)
        .chain(entries::replaced())
        .chain(
            replacement::loose()
                .chain(implemented())
                .filter_map(Replacement::made_raw),
        )
        .filter(|raw| seen.insert(Id::of(raw)))
        .map(|raw| {
            let (module, known) = known(raw, &sources).unzip();
            NamedSlot {
                raw,
                module: module.unwrap_or(raw.site().module),
                known,
            }
        })
        .collect();
    points.sort_by_key(|point| (point.module, point.raw.site().file, point.raw.site().line));
    points
}

/// Returns the module and the names of a patch point, if it is built in.
fn known(raw: &RawSlot, sources: &[&'static Source]) -> Option<(&'static str, Known)> {
    sources
        .iter()
        .filter(|source| source.feature().is_builtin())
        .find_map(|source| {
            let mut items = source.items().iter();
            let item = items.find(|item| Id::of(item.raw()) == Id::of(raw))?;
            Some((source.target(), item.known()?))
        })
}

fn source_site(source: &&'static Source) -> Site {
    let at = source.items().first().map(Replacement::site);
    let (file, line) = at.map_or(("", 0), |site| (site.file, site.line));
    Site {
        module: source.name(),
        name: "SOURCE",
        file,
        line,
    }
}

/// Returns the candidates with exactly that name, or else those with a path that ends in that name.
fn best<'a, T: Copy>(name: &str, all: impl Iterator<Item = (&'a str, T)>) -> Vec<T> {
    let ends_so = |full: &str| {
        full.strip_suffix(name)
            .is_some_and(|lead| lead.is_empty() || lead.ends_with("::"))
    };
    let found: Vec<(&str, T)> = all.filter(|(full, _)| ends_so(full)).collect();
    let exact: Vec<T> = found
        .iter()
        .filter(|(full, _)| *full == name)
        .map(|(_, t)| *t)
        .collect();
    if exact.is_empty() {
        found.into_iter().map(|(_, t)| t).collect()
    } else {
        exact
    }
}

fn one<T: Copy>(
    name: &str,
    found: Vec<T>,
    site: impl Fn(&T) -> Site,
) -> Result<Option<T>, PatchError> {
    match found.as_slice() {
        [] => Ok(None),
        [one] => Ok(Some(*one)),
        several => {
            let mut candidates: Vec<Site> = several.iter().map(site).collect();
            candidates.sort_by_key(|site| (site.file, site.line));
            Err(PatchError::new(Kind::Ambiguous {
                name: name.to_owned(),
                candidates,
            }))
        }
    }
}

fn one_module(name: &str, mut found: Vec<Site>) -> Result<Option<Site>, PatchError> {
    found.sort_by_key(|site| site.module);
    found.dedup_by_key(|site| site.module);
    one(name, found, |site| *site)
}
