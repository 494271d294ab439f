//! Resolution of paths: the module, or the file of the item, to which a path leads.
//!
//! A re-export of an item below the re-exporting module is followed, because it only exposes the content of a folder. Any
//! other import belongs to the file that contains it, and a path that uses it from elsewhere leads to that file.

use std::collections::BTreeSet;

use crate::tree::{Import, Name, Tree};

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Meaning {
    Module(usize),
    /// An item that this file defines, or holds in a way of its own.
    In(usize),
}

/// Imports that are being followed, so that none is followed from within itself.
type Followed = Vec<(usize, usize)>;

impl Tree {
    /// Returns the target of a path in a module; nothing if it leads out of the crate.
    pub(crate) fn meanings(&self, module: usize, name: &Name) -> BTreeSet<Meaning> {
        self.follow(module, name, &mut Vec::new())
    }

    /// Returns the target of an import, without the import itself.
    pub(crate) fn meanings_of_import(&self, module: usize, index: usize) -> BTreeSet<Meaning> {
        let path = &self.modules[module].imports[index].path;
        self.follow(module, path, &mut vec![(module, index)])
    }

    /// Returns the file of a macro that is in textual scope in a module.
    pub(crate) fn macro_in_scope(&self, module: usize, name: &str) -> Option<usize> {
        let parents = |module: &usize| self.modules[*module].parent;
        std::iter::successors(Some(module), parents)
            .find_map(|module| self.modules[module].macros.get(name).copied())
    }

    /// Returns whether an import exposes an item below its module.
    pub(crate) fn shows(&self, module: usize, import: &Import, meaning: Meaning) -> bool {
        let target = match meaning {
            Meaning::Module(target) => target,
            Meaning::In(file) => self.files[file].module,
        };
        import.public && target != module && self.is_within(target, module)
    }

    fn follow(&self, module: usize, name: &Name, followed: &mut Followed) -> BTreeSet<Meaning> {
        let file = self.modules[module].file;
        let mut parts = name.parts.as_slice();
        let mut found = BTreeSet::new();
        match parts.first().map(String::as_str) {
            None => {}
            Some(first) if name.external => {
                if self.own_name.as_deref() == Some(first) {
                    found.insert(Meaning::Module(0));
                }
                parts = &parts[1..];
            }
            Some("crate") => {
                found.insert(Meaning::Module(0));
                parts = &parts[1..];
            }
            Some("self" | "super") => {
                let mut at = Some(module);
                if parts[0] == "self" {
                    parts = &parts[1..];
                }
                while parts.first().is_some_and(|part| part == "super") {
                    at = at.and_then(|module| self.modules[module].parent);
                    parts = &parts[1..];
                }
                found.extend(at.map(Meaning::Module));
            }
            Some(first) => {
                found = self.lookup(module, first, file, followed);
                if found.is_empty() && self.own_name.as_deref() == Some(first) {
                    found.insert(Meaning::Module(0));
                }
                parts = &parts[1..];
            }
        }
        for part in parts {
            // Before `::` a name means a module, if there is one: a function may have the same name.
            if found
                .iter()
                .any(|found| matches!(found, Meaning::Module(_)))
            {
                found.retain(|found| matches!(found, Meaning::Module(_)));
            }
            let mut next = BTreeSet::new();
            for meaning in found {
                match meaning {
                    Meaning::In(_) => _ = next.insert(meaning),
                    Meaning::Module(module) => {
                        let inner = self.lookup(module, part, file, followed);
                        if inner.is_empty() {
                            // A name that a macro defines, or that of another crate that is re-exported.
                            next.insert(Meaning::In(self.modules[module].file));
                        }
                        next.extend(inner);
                    }
                }
            }
            found = next;
        }
        found
    }

    /// Returns the target of a name in a module, as seen from a file.
    fn lookup(
        &self,
        module: usize,
        name: &str,
        from: usize,
        followed: &mut Followed,
    ) -> BTreeSet<Meaning> {
        let inside = &self.modules[module];
        let mut found = BTreeSet::new();
        let children = inside.children.get(name).into_iter().flatten();
        found.extend(children.map(|child| Meaning::Module(*child)));
        found.extend(inside.items.get(name).map(|file| Meaning::In(*file)));
        let own = inside.file == from;
        for (index, import) in inside.imports.iter().enumerate() {
            let named = import.name.as_deref().is_none_or(|given| given == name);
            if !named || (import.local && !own) || followed.contains(&(module, index)) {
                continue;
            }
            followed.push((module, index));
            let mut meanings = self.follow(module, &import.path, followed);
            let is_glob = import.name.is_none();
            if is_glob {
                let held = std::mem::take(&mut meanings);
                for meaning in held {
                    if let Meaning::Module(held) = meaning {
                        meanings.extend(self.lookup(held, name, inside.file, followed));
                    }
                }
            }
            followed.pop();
            if own {
                found.extend(meanings);
            } else if meanings.is_empty() && !is_glob {
                found.insert(Meaning::In(inside.file));
            } else {
                for meaning in meanings {
                    let seen_through = self.shows(module, import, meaning);
                    let held = Meaning::In(inside.file);
                    found.insert(if seen_through { meaning } else { held });
                }
            }
        }
        found
    }
}
