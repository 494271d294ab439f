//! The code map of ARCHITECTURE.

use std::collections::BTreeSet;
use std::fs;

use crate::{READ, heads, none, workspace};

/// Returns the folders that the code map of ARCHITECTURE names below a folder: each path in backticks that ends in `/`, in
/// an entry that begins with a path in that folder.
fn mapped(folder: &str) -> BTreeSet<String> {
    let text = fs::read_to_string(workspace().join("ARCHITECTURE.md")).unwrap();
    let map = text.split("## Code map").nth(1).expect("the map's heading");
    let map = map.split("\n## ").next().unwrap();
    let mut folders = BTreeSet::new();
    for entry in map.split("\n- ") {
        let paths = heads::quoted(entry);
        if paths.first().is_some_and(|first| first.starts_with(folder)) {
            let below = paths
                .iter()
                .map(|path| path.strip_prefix(folder).unwrap_or(path));
            let named = below.filter_map(|path| path.strip_suffix('/'));
            folders.extend(named.map(str::to_string));
        }
    }
    folders
}

/// Compares the code map with the folders of a crate.
fn map_is_true(folder: &str) {
    let read = READ.iter().find(|read| read.folder == folder).unwrap();
    let mapped = mapped(&format!("{folder}/"));
    let files = read.tree.files.iter();
    let folders: BTreeSet<&str> = files
        .filter_map(|file| Some(file.path.split_once('/')?.0))
        .collect();
    let mut wrong = Vec::new();
    for there in &folders {
        if !mapped.contains(*there) {
            wrong.push(format!(
                "ARCHITECTURE.md: the code map lacks {folder}/{there}/"
            ));
        }
    }
    for named in &mapped {
        if !workspace().join(folder).join(named).is_dir() {
            wrong.push(format!("ARCHITECTURE.md: there is no {folder}/{named}/"));
        }
    }
    none(&wrong);
}

#[test]
fn the_code_map_has_the_folders_of_the_runtime() {
    map_is_true("runtime/src");
}

#[test]
fn the_code_map_has_the_folders_of_the_macros() {
    map_is_true("macros/src");
}
