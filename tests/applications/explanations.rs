//! Explanations of the differences: a line `NAME: text` for a crate or an application.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::records::Records;

/// Reads the explanations, by name.
pub(crate) fn read(path: &Path) -> Result<BTreeMap<String, String>, String> {
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let lines = text
        .lines()
        .filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let (name, text) = line
                .split_once(": ")
                .ok_or_else(|| format!("{line:?}: expected `NAME: text`"))?;
            Ok((name.to_owned(), text.to_owned()))
        })
        .collect()
}

/// The names of those that differ without a word on it.
pub(crate) fn missing(records: &Records, explanations: &BTreeMap<String, String>) -> Vec<String> {
    differing(records)
        .filter(|name| !explanations.contains_key(*name))
        .cloned()
        .collect()
}

/// The names that are explained and do not differ.
#[cfg(test)]
pub(crate) fn unused(records: &Records, explanations: &BTreeMap<String, String>) -> Vec<String> {
    explanations
        .keys()
        .filter(|name| !differing(records).any(|other| other == *name))
        .cloned()
        .collect()
}

/// Those that do otherwise with greenpatch, or do not succeed with std.
fn differing(records: &Records) -> impl Iterator<Item = &String> {
    let programs = records
        .programs
        .iter()
        .filter(|(_, program)| program.differs());
    let crates = records
        .crates
        .iter()
        .filter(|(_, published)| published.differs() || !published.std.success);
    programs
        .map(|(name, _)| name)
        .chain(crates.map(|(name, _)| name))
}
