//! The files and modules of one crate, read from their text.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::reader;

/// Modules of tests and models, which belong to no layer.
const TESTS: &[&str] = &["tests", "loom_models", "models"];

/// One crate: its files, its modules, and the content of each file.
pub(crate) struct Tree {
    /// The name of the crate for itself, from `extern crate self as …`.
    pub(crate) own_name: Option<String>,
    pub(crate) files: Vec<File>,
    /// The files. The first is the root.
    pub(crate) modules: Vec<Module>,
    pub(crate) mentions: Vec<Mention>,
}

/// One file, without its tests.
pub(crate) struct File {
    /// The path relative to the folder of the root.
    pub(crate) path: String,
    pub(crate) text: String,
    /// The module of the file as a whole.
    pub(crate) module: usize,
    /// The first line with `cfg(loom)`.
    pub(crate) loom: Option<usize>,
    /// The first line with an unsafe block or an unsafe impl.
    pub(crate) unsafe_code: Option<usize>,
}

#[derive(Default)]
pub(crate) struct Module {
    pub(crate) parent: Option<usize>,
    pub(crate) file: usize,
    /// The child modules. A name has more than one if `cfg_attr` chooses between files.
    pub(crate) children: BTreeMap<String, Vec<usize>>,
    /// The names that are defined here, and the file of each. An exported macro belongs to the root.
    pub(crate) items: BTreeMap<String, usize>,
    /// The macros that are in textual scope below this module.
    pub(crate) macros: BTreeMap<String, usize>,
    pub(crate) imports: Vec<Import>,
}

/// A leaf of a `use` tree.
pub(crate) struct Import {
    pub(crate) path: Name,
    /// The name; `None` for a glob.
    pub(crate) name: Option<String>,
    /// Whether it is visible outside of this module and its children.
    pub(crate) public: bool,
    /// Whether it is in a function.
    pub(crate) local: bool,
}

/// A path as written.
#[derive(Clone)]
pub(crate) struct Name {
    pub(crate) parts: Vec<String>,
    /// Whether it begins with `::`.
    pub(crate) external: bool,
    pub(crate) line: usize,
}

/// A path in code other than a `use`.
pub(crate) struct Mention {
    pub(crate) module: usize,
    pub(crate) name: Name,
    /// Whether it is the name of a macro that is called, without a path.
    pub(crate) is_macro: bool,
}

impl Tree {
    /// Reads the crate with its root in this folder.
    pub(crate) fn of_folder(folder: &Path, root: &str) -> Tree {
        let mut sources = BTreeMap::new();
        gather(folder, folder, &mut sources);
        Tree::of_sources(&sources, root)
    }

    /// Reads the crate from the texts of its files.
    pub(crate) fn of_sources(sources: &BTreeMap<String, String>, root: &str) -> Tree {
        let mut tree = Tree {
            own_name: None,
            files: Vec::new(),
            modules: Vec::new(),
            mentions: Vec::new(),
        };
        let mut waiting = vec![(root.to_string(), String::new(), None)];
        while let Some((path, folder, place)) = waiting.pop() {
            let text = sources[&path].clone();
            let module = tree.add_module(place, tree.files.len());
            tree.files.push(File {
                path: path.clone(),
                text,
                module,
                loom: None,
                unsafe_code: None,
            });
            for declared in reader::read(&mut tree, module) {
                if TESTS.contains(&declared.name.as_str()) {
                    continue;
                }
                let within = declared.within.iter();
                let below = within.fold(folder.clone(), |folder, name| join(&folder, name));
                let place = Some((declared.parent, declared.name.clone()));
                let mut files = Vec::new();
                for given in &declared.paths {
                    let file = join(parent(&path), given);
                    files.push((file.clone(), parent(&file).to_string()));
                }
                if files.is_empty() {
                    let children = join(&below, &declared.name);
                    let beside = format!("{children}.rs");
                    let inside = join(&children, "mod.rs");
                    let mut either = [beside, inside].into_iter();
                    let file = either.find(|file| sources.contains_key(file));
                    let file = file.unwrap_or_else(|| panic!("{path}: no `{}`", declared.name));
                    files.push((file, children));
                }
                for (file, children) in files {
                    waiting.push((file, children, place.clone()));
                }
            }
        }
        tree
    }

    /// Adds a module in `file`, below a parent.
    pub(crate) fn add_module(&mut self, place: Option<(usize, String)>, file: usize) -> usize {
        let added = self.modules.len();
        let mut module = Module {
            file,
            ..Module::default()
        };
        if let Some((parent, name)) = place {
            module.parent = Some(parent);
            let named = self.modules[parent].children.entry(name).or_default();
            named.push(added);
        }
        self.modules.push(module);
        added
    }

    /// Returns whether a module is another one, or below it.
    pub(crate) fn is_within(&self, module: usize, other: usize) -> bool {
        let parents = |module: &usize| self.modules[*module].parent;
        std::iter::successors(Some(module), parents).any(|module| module == other)
    }

    /// Returns the root module of a file: its first folder, or the name of the file.
    pub(crate) fn root_module(&self, file: usize) -> &str {
        let path = &self.files[file].path;
        match path.split_once('/') {
            Some((folder, _)) => folder,
            None => path.trim_end_matches(".rs"),
        }
    }
}

/// Returns all files below a folder, by their paths in it.
fn gather(top: &Path, folder: &Path, sources: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            gather(top, &path, sources);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let name = path.strip_prefix(top).unwrap().to_str().unwrap();
            sources.insert(name.to_string(), fs::read_to_string(&path).unwrap());
        }
    }
}

/// Returns the folder of a path.
fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() {
        return name.to_string();
    }
    format!("{folder}/{name}")
}
