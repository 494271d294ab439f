//! Imports go downwards only: reads the sources of the runtime and holds them against the layers.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// For each module of the root, which modules of the root it may name.
const MAY_NAME: &[(&str, &[&str])] = &[
    ("refused", &[]),
    ("panic_strategy", &[]),
    ("patch", &["refused"]),
    ("coroutine", &[]),
    ("reactor", &["refused"]),
    (
        "hub",
        &["coroutine", "reactor", "wait", "refused", "panic_strategy"],
    ),
    ("wait", &[]),
    ("descriptor", &[]),
    ("thread_state", &["wait"]),
    ("seam", &["patch", "wait", "descriptor", "thread_state"]),
    ("thread", &["seam", "patch", "wait", "thread_state"]),
    ("sync", &["seam", "patch", "wait"]),
    ("panic", &["seam"]),
    ("hint", &["seam"]),
    ("prelude", &[]),
    ("net", &["seam", "wait", "descriptor"]),
    ("fs", &["seam", "descriptor"]),
    ("io", &["seam", "sync", "fs", "descriptor"]),
    ("process", &["seam", "io", "descriptor"]),
    ("os", &["seam", "net", "process", "descriptor"]),
    (
        "green",
        &[
            "seam",
            "wait",
            "descriptor",
            "thread_state",
            "patch",
            "hub",
            "coroutine",
            "panic_strategy",
        ],
    ),
    ("private", &["patch", "seam", "panic_strategy"]),
    ("lib", &["patch", "thread_state"]),
];

/// Names that one module alone may use.
const SECRETS: &[(&str, &str)] = &[
    ("corosensei::", "coroutine"),
    ("mio::", "reactor"),
    ("inventory::", "patch"),
];

fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../runtime/src")
}

/// All files below a folder.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The module of the root that a file belongs to.
fn module(file: &Path) -> String {
    let inside = file.strip_prefix(sources()).unwrap();
    let first = inside
        .components()
        .next()
        .unwrap()
        .as_os_str()
        .to_str()
        .unwrap();
    first.trim_end_matches(".rs").to_string()
}

/// The code of a file: without comments, and without its tests.
fn code(file: &Path) -> String {
    let text = fs::read_to_string(file).unwrap();
    let text = text.split("#[cfg(test)]").next().unwrap();
    let lines = text.lines().map(|line| line.split("//").next().unwrap());
    lines.collect::<Vec<_>>().join("\n")
}

fn runtime_files() -> Vec<PathBuf> {
    let mut found = Vec::new();
    files(&sources(), &mut found);
    found.retain(|file| {
        let name = file.file_name().and_then(|name| name.to_str());
        name.is_some_and(|name| !["tests.rs", "models.rs", "loom_models.rs"].contains(&name))
    });
    found.sort();
    assert!(
        found.len() > 50,
        "the sources of the runtime are where they are looked for"
    );
    found
}

/// The modules of the root that some code names by `crate::module`.
fn named(code: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for part in code.split("crate::").skip(1) {
        let mut add = |text: &str| {
            let name: String = text
                .chars()
                .take_while(|c| c.is_alphanumeric() || *c == '_')
                .collect();
            if MAY_NAME.iter().any(|(module, _)| *module == name) {
                found.insert(name);
            }
        };
        match part.strip_prefix('{') {
            // `use crate::{a::b, c}`: the names on the first level.
            Some(list) => {
                let list = list.split('}').next().unwrap();
                list.split(',').for_each(|item| add(item.trim()));
            }
            None => add(part),
        }
    }
    found
}

#[test]
fn imports_go_downwards_only() {
    let allowed: BTreeMap<_, _> = MAY_NAME.iter().copied().collect();
    let mut wrong = Vec::new();
    for file in runtime_files() {
        let module = module(&file);
        let Some(allowed) = allowed.get(module.as_str()) else {
            wrong.push(format!("{}: a module without a layer", file.display()));
            continue;
        };
        for named in named(&code(&file)) {
            if named != module && !allowed.contains(&named.as_str()) {
                wrong.push(format!("{}: {module} names {named}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_two_modules_name_each_other() {
    for (module, names) in MAY_NAME {
        for name in *names {
            let back = MAY_NAME.iter().find(|(other, _)| other == name).unwrap().1;
            assert!(
                !back.contains(module),
                "{module} and {name} name each other"
            );
        }
    }
}

#[test]
fn each_secret_has_one_holder() {
    let mut wrong = Vec::new();
    for file in runtime_files() {
        let module = module(&file);
        for (secret, holder) in SECRETS {
            let holds = module == *holder || (*secret == "inventory::" && module != "hub");
            if !holds && code(&file).contains(secret) {
                wrong.push(format!("{}: {module} names {secret}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn unsafe_code_is_where_it_is_declared() {
    let mut wrong = Vec::new();
    for file in runtime_files() {
        let text = fs::read_to_string(&file).unwrap();
        let code = code(&file);
        let uses = code.contains("unsafe {") || code.contains("unsafe impl");
        if uses && !text.contains("#![allow(unsafe_code)]") {
            wrong.push(format!(
                "{}: unsafe code that the file does not declare",
                file.display()
            ));
        }
        if text.contains("#![allow(unsafe_code)]")
            && !text.contains("SAFETY")
            && !text.contains("# Safety")
        {
            wrong.push(format!(
                "{}: declares unsafe code and says nothing of its safety",
                file.display()
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_head_of_each_folder_says_its_layer() {
    for file in runtime_files() {
        if file.ends_with("mod.rs") && file.parent().unwrap().parent().unwrap() == sources() {
            let text = fs::read_to_string(&file).unwrap();
            for line in ["//! Layer:", "//! Called by:", "//! Calls:", "//! Never:"] {
                assert!(
                    text.contains(line),
                    "{}: its head lacks `{line}`",
                    file.display()
                );
            }
        }
    }
}
