//! What in a package blocks its OS thread, and every green thread on it: waits below std, which no type in
//! place of one of std's reaches.
//!
//! The sources are searched by tokens. So a name in a comment, a string or a test is not found, nor is a method of the same
//! name; code for another platform is.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use cargo_metadata::{Package, TargetKind};
use serde::{Deserialize, Serialize};

use crate::files;
use crate::kept::Identity;

mod cause;
mod imports;
mod source;

pub(crate) use cause::Cause;

/// Incremented with each change of the search.
const FORMAT: u32 = 3;

/// Packages that wait by a futex, whatever they call it by.
const FUTEX_PACKAGES: &[&str] = &["atomic-wait", "linux-futex", "parking_lot_core"];

/// Values of `links` that name no C library: they keep a package from being in a graph twice.
const NO_LIBRARIES: &[&str] = &["prettyplease02", "rayon-core"];

/// One thing that blocks, and where it is found first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Finding {
    /// Why it waits.
    pub(crate) cause: Cause,
    /// The function, the number's name, the instruction or the library.
    pub(crate) name: String,
    /// The file, from the package's folder on.
    pub(crate) file: Option<PathBuf>,
    /// Its line.
    pub(crate) line: Option<usize>,
}

/// What was found in a package.
#[derive(Serialize, Deserialize)]
struct Searched {
    /// Stands for the sources that were searched.
    digits: String,
    found: Vec<Finding>,
}

/// Searches a package. What is found is kept in the cache until a source changes; those of a package that was fetched
/// do not.
pub(crate) fn search(package: &Package, cache: &Path) -> Vec<Finding> {
    let name = files::digits((FORMAT, &package.id.repr, &package.manifest_path));
    let path = cache.join("searched").join(format!("{name}.json"));
    let (sources, digits) = match package.source {
        None => {
            let sources = sources(package);
            let identities: Vec<_> = sources.iter().map(|path| Identity::of_file(path)).collect();
            (Some(sources), files::digits(identities))
        }
        Some(_) => (None, String::new()),
    };
    let kept = fs::read(&path).ok();
    let kept = kept.and_then(|text| serde_json::from_slice(&text).ok());
    let mut found = match kept {
        Some(Searched {
            digits: then,
            found,
        }) if then == digits => found,
        _ => {
            let sources = sources.unwrap_or_else(|| self::sources(package));
            let found = search_sources(package, &sources);
            let searched = Searched { digits, found };
            let text = serde_json::to_vec(&searched).expect("names can be written as JSON");
            // Without it the next report takes longer.
            let _ = files::write(&path, text);
            searched.found
        }
    };
    let links = package.links.as_deref();
    if let Some(name) = links.filter(|name| !NO_LIBRARIES.contains(name)) {
        found.push(Finding {
            cause: Cause::Links,
            name: name.to_owned(),
            file: None,
            line: None,
        });
    }
    if FUTEX_PACKAGES.contains(&package.name.as_str())
        && !found.iter().any(|finding| finding.cause == Cause::Futex)
    {
        found.push(Finding {
            cause: Cause::Futex,
            name: package.name.to_string(),
            file: None,
            line: None,
        });
    }
    found
}

/// The sources that are compiled for programs.
fn sources(package: &Package) -> BTreeSet<PathBuf> {
    let compiled = |kind: &TargetKind| {
        !matches!(
            kind,
            TargetKind::Example | TargetKind::Test | TargetKind::Bench | TargetKind::CustomBuild
        )
    };
    let targets = package.targets.iter();
    let targets = targets.filter(|target| target.kind.iter().any(compiled));
    let folders: BTreeSet<&Path> = targets
        .filter_map(|target| target.src_path.as_std_path().parent())
        .collect();
    let mut paths = BTreeSet::new();
    for folder in folders {
        collect(folder, &mut paths);
    }
    paths
}

fn search_sources(package: &Package, sources: &BTreeSet<PathBuf>) -> Vec<Finding> {
    let Some(root) = package.manifest_path.parent() else {
        return Vec::new();
    };
    let mut found = BTreeMap::new();
    for path in sources {
        // Not in UTF-8: rustc would not take it either.
        let Ok(text) = fs::read_to_string(path) else {
            continue;
        };
        let inside = path.strip_prefix(root.as_std_path()).unwrap_or(path);
        for (cause, name, line) in source::search(&text) {
            let first = || (inside.to_owned(), line);
            found.entry((cause, name)).or_insert_with(first);
        }
    }
    let finding = |((cause, name), (file, line))| Finding {
        cause,
        name,
        file: Some(file),
        line: Some(line),
    };
    found.into_iter().map(finding).collect()
}

/// The sources below a folder, without those of tests and of other packages.
fn collect(folder: &Path, found: &mut BTreeSet<PathBuf>) {
    const LEFT_OUT: [&str; 4] = ["benches", "examples", "target", "tests"];
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
        let name = path.file_name().and_then(|name| name.to_str());
        let name = name.unwrap_or_default();
        if path.is_dir() {
            if !LEFT_OUT.contains(&name) && !path.join("Cargo.toml").exists() {
                collect(&path, found);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") && name != "build.rs"
        {
            found.insert(path);
        }
    }
}
