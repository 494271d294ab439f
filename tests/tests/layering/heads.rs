//! The lines at the head of a root module that state its layer.

use std::collections::BTreeSet;

use crate::{none, root_modules, runtime};

pub(crate) const LABELS: &[&str] = &["Layer:", "Called by:", "Calls:", "Never:"];

/// Returns the comment at the head of a file: its documentation, or in a public module the comment before that.
fn head(text: &str) -> Vec<&str> {
    let lines = text.lines().map_while(|line| line.strip_prefix("//"));
    lines
        .map(|line| line.trim_start_matches('!').trim())
        .collect()
}

/// Returns the text after a label in the head of a file, up to the next label or an empty line.
pub(crate) fn statement(text: &str, label: &str) -> Option<String> {
    let lines = head(text);
    let first = lines.iter().position(|line| line.contains(label))?;
    let paragraph = lines[first..].iter().take_while(|line| !line.is_empty());
    let paragraph = paragraph.copied().collect::<Vec<_>>().join(" ");
    let said = paragraph.split_once(label)?.1;
    let ends = LABELS.iter().filter_map(|label| said.find(label));
    let end = ends.min().unwrap_or(said.len());
    Some(said[..end].trim().to_string())
}

/// Returns the words in backticks of a text.
pub(crate) fn quoted(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

/// Returns the root modules that a text names in backticks.
pub(crate) fn named(text: &str, modules: &BTreeSet<String>) -> BTreeSet<String> {
    let words = quoted(text).into_iter();
    let first = words.map(|word| word.split("::").next().unwrap().to_string());
    first.filter(|word| modules.contains(word)).collect()
}

#[test]
fn the_head_of_each_root_module_is_true() {
    let root = root_modules();
    let modules = root.keys().map(|name| name.to_string());
    let modules = modules
        .filter(|name| name != "lib")
        .collect::<BTreeSet<_>>();
    let mut wrong = Vec::new();
    for (number, file) in runtime().tree.files.iter().enumerate() {
        let module = runtime().tree.root_module(number);
        let is_head =
            file.path == format!("{module}/mod.rs") || file.path == format!("{module}.rs");
        if module == "lib" || !is_head {
            continue;
        }
        let path = runtime().path(number);
        let calls = &root[module];
        let called_by = root
            .iter()
            .filter_map(|(name, named)| Some((*name, named.get(module)?)));
        let called_by = called_by.filter(|(name, _)| *name != "lib");
        let called_by = called_by.map(|(name, place)| (name, place.clone()));
        let code = [
            ("Calls:", calls.clone()),
            ("Called by:", called_by.collect()),
        ];
        for label in LABELS {
            let Some(said) = statement(&file.text, label) else {
                wrong.push(format!("{path}: its head lacks `{label}`"));
                continue;
            };
            let Some((_, true_names)) = code.iter().find(|(held, _)| held == label) else {
                continue;
            };
            let said = named(&said, &modules);
            for (name, place) in true_names.iter().filter(|(name, _)| !said.contains(**name)) {
                wrong.push(format!("{path}: `{label}` lacks `{name}`, see {place}"));
            }
            for name in said
                .iter()
                .filter(|name| !true_names.contains_key(name.as_str()))
            {
                wrong.push(format!(
                    "{path}: `{label}` says `{name}`, which the code does not name"
                ));
            }
        }
    }
    none(&wrong);
}
