//! Imports go downwards only: reads the sources and compares them with the layers.
//!
//! An import is anything that names another file of the crate: a `use`, or a path in code or in an argument of a macro or
//! an attribute. `mod` and `pub use` of the files in a folder are not imports of the folder.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use imports::Imports;
use tree::Tree;

mod code_map;
mod conditions;
mod fixtures;
mod heads;
mod imports;
mod names;
mod reader;
mod tokens;
mod tree;

/// For each root module, the root modules that it may name.
const MAY_NAME: &[(&str, &[&str])] = &[
    ("boundary", &[]),
    ("refused", &[]),
    ("frame", &[]),
    ("panic_strategy", &[]),
    ("wait", &["boundary"]),
    ("descriptor", &[]),
    ("thread_state", &["wait"]),
    ("patch", &["refused", "frame"]),
    ("coroutine", &[]),
    ("reactor", &["refused"]),
    (
        "hub",
        &[
            "boundary",
            "coroutine",
            "reactor",
            "wait",
            "refused",
            "panic_strategy",
        ],
    ),
    (
        "seam",
        &["boundary", "patch", "wait", "descriptor", "thread_state"],
    ),
    (
        "interruption",
        &["boundary", "seam", "wait", "thread_state"],
    ),
    (
        "thread",
        &["interruption", "seam", "patch", "wait", "thread_state"],
    ),
    ("sync", &["interruption", "seam", "patch", "wait"]),
    ("panic", &["interruption", "seam"]),
    ("hint", &["seam"]),
    ("bridge", &["interruption", "seam", "wait", "thread"]),
    (
        "cancellation",
        &["interruption", "seam", "wait", "thread", "panic_strategy"],
    ),
    ("prelude", &["io", "thread"]),
    ("net", &["seam", "wait", "descriptor"]),
    ("fs", &["seam", "descriptor"]),
    ("io", &["seam", "sync", "fs", "descriptor"]),
    ("process", &["seam", "io", "descriptor"]),
    ("os", &["seam", "net", "process", "descriptor"]),
    ("libc", &["boundary", "seam", "wait", "descriptor"]),
    (
        "green",
        &[
            "boundary",
            "interruption",
            "libc",
            "seam",
            "wait",
            "descriptor",
            "thread_state",
            "patch",
            "inspect",
            "hub",
            "coroutine",
            "panic_strategy",
        ],
    ),
    (
        "inspect",
        &[
            "boundary",
            "hub",
            "patch",
            "seam",
            "wait",
            "thread_state",
            "frame",
        ],
    ),
    ("private", &["patch", "seam", "panic_strategy"]),
    // What the root shows of the others.
    (
        "lib",
        &[
            "bridge",
            "cancellation",
            "inspect",
            "patch",
            "thread",
            "thread_state",
        ],
    ),
];

/// The crates that only some modules may name.
const SECRETS: &[(&str, &[&str])] = &[
    ("corosensei", &["coroutine"]),
    ("gimli", &["coroutine"]),
    ("mio", &["reactor"]),
    ("inventory", &["patch", "green", "private"]),
];

/// The crates to read: the folder of each and the file of its root.
const CRATES: &[(&str, &str)] = &[
    ("runtime/src", "lib.rs"),
    ("macros/src", "lib.rs"),
    ("cargo-greenpatch/src", "main.rs"),
];

/// A crate as read, with its imports.
struct Read {
    folder: &'static str,
    tree: Tree,
    imports: Imports,
}

impl Read {
    /// Returns the path of a file relative to the folder of the workspace.
    fn path(&self, file: usize) -> String {
        format!("{}/{}", self.folder, self.tree.files[file].path)
    }
}

static READ: LazyLock<Vec<Read>> = LazyLock::new(|| {
    let read = |(folder, root): &(&'static str, &str)| {
        let tree = Tree::of_folder(&workspace().join(folder), root);
        let imports = Imports::of(&tree);
        Read {
            folder,
            tree,
            imports,
        }
    };
    CRATES.iter().map(read).collect()
});

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn runtime() -> &'static Read {
    &READ[0]
}

/// Returns, for each root module of the runtime, the root modules that it names, with one location for each. The root
/// re-exports the items of the crate, so its re-exports count as imports, too.
fn root_modules() -> BTreeMap<&'static str, BTreeMap<&'static str, String>> {
    let Read { tree, imports, .. } = runtime();
    let mut named = BTreeMap::<_, BTreeMap<_, _>>::new();
    for file in 0..tree.files.len() {
        named.entry(tree.root_module(file)).or_default();
    }
    let shown = imports.shown.iter();
    let shown = shown.map(|((from, to), lines)| (*from, *to, *lines.first().unwrap()));
    for (from, to, line) in imports.all().chain(shown) {
        let (module, other) = (tree.root_module(from), tree.root_module(to));
        if module != other && other != "lib" {
            let place = format!("{}:{line}", runtime().path(from));
            named
                .entry(module)
                .or_default()
                .entry(other)
                .or_insert(place);
        }
    }
    named
}

fn none(wrong: &[String]) {
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[test]
fn every_file_is_read() {
    for read in READ.iter() {
        let count = read.tree.files.len();
        assert!(count > 15, "{count} files of {} are found", read.folder);
    }
    assert!(runtime().imports.all().count() > 300);
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    let mut wrong = Vec::new();
    for read in READ.iter() {
        for ((one, other), circle) in read.imports.circles() {
            let folder = &read.folder;
            wrong.push(format!(
                "a circle: {folder}/{one}, {folder}/{other}\n{circle}"
            ));
        }
    }
    none(&wrong);
}

#[test]
fn imports_go_downwards_only() {
    let allowed: BTreeMap<_, _> = MAY_NAME.iter().copied().collect();
    let mut wrong = Vec::new();
    for (module, named) in root_modules() {
        let Some(allowed) = allowed.get(module) else {
            wrong.push(format!("{module}: a module without a layer"));
            continue;
        };
        for (name, place) in named {
            if !allowed.contains(&name) {
                wrong.push(format!("{place}: {module} names {name}"));
            }
        }
    }
    none(&wrong);
}

#[test]
fn no_two_modules_may_name_each_other() {
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
fn each_secret_has_its_holders() {
    let mut wrong = Vec::new();
    for ((file, name), line) in &runtime().imports.external {
        let module = runtime().tree.root_module(*file);
        let secret = SECRETS.iter().find(|(secret, _)| secret == name);
        if secret.is_some_and(|(_, holders)| !holders.contains(&module)) {
            wrong.push(format!(
                "{}:{line}: {module} names {name}",
                runtime().path(*file)
            ));
        }
    }
    none(&wrong);
}

#[test]
fn unsafe_code_is_where_it_is_declared() {
    let mut wrong = Vec::new();
    for (number, file) in runtime().tree.files.iter().enumerate() {
        let path = runtime().path(number);
        let declared = file.text.contains("#![allow(unsafe_code)]");
        if let (Some(line), false) = (file.unsafe_code, declared) {
            wrong.push(format!(
                "{path}:{line}: unsafe code that the file does not declare"
            ));
        }
        let explained = file.text.contains("SAFETY") || file.text.contains("# Safety");
        if declared && !explained {
            wrong.push(format!(
                "{path}: declares unsafe code and says nothing of its safety"
            ));
        }
    }
    none(&wrong);
}

#[test]
fn loom_is_known_where_the_atomics_say() {
    let files = &runtime().tree.files;
    let is_atomics = |path: &str| path.ends_with("/atomic.rs");
    let atomics = files.iter().find(|file| is_atomics(&file.path)).unwrap();
    let claim = heads::statement(
        &atomics.text,
        "`cfg(loom)` is known here, in models, and in",
    );
    let claim = claim.expect("the head of atomic.rs lists the files");
    let claimed: BTreeSet<&str> = heads::quoted(&claim).into_iter().collect();
    let mut wrong = Vec::new();
    for file in files.iter().filter(|file| !is_atomics(&file.path)) {
        match (file.loom, claimed.contains(file.path.as_str())) {
            (Some(line), false) => wrong.push(format!(
                "{}:{line}: `cfg(loom)`, which the head of {} does not list",
                file.path, atomics.path
            )),
            (None, true) => wrong.push(format!(
                "{}: its head lists {}, which does not name loom",
                atomics.path, file.path
            )),
            _ => {}
        }
    }
    for claimed in claimed {
        if !files.iter().any(|file| file.path == claimed) {
            wrong.push(format!(
                "{}: lists {claimed}, which is not there",
                atomics.path
            ));
        }
    }
    none(&wrong);
}
