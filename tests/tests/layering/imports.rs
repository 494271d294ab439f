//! The imports between files, and the circles among them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::names::Meaning;
use crate::tree::Tree;

/// Two files by their paths, the lesser first.
pub(crate) type Pair = (String, String);

/// The imports of one crate.
pub(crate) struct Imports {
    /// The path of each file.
    files: Vec<String>,
    /// For each file that imports another, the lines.
    lines: BTreeMap<(usize, usize), BTreeSet<usize>>,
    /// Files with the names of other crates that they name, each with its first line.
    pub(crate) external: BTreeMap<(usize, String), usize>,
    /// The re-exports of each file, besides its imports.
    pub(crate) shown: BTreeMap<(usize, usize), BTreeSet<usize>>,
}

impl Imports {
    pub(crate) fn of(tree: &Tree) -> Imports {
        let mut imports = Imports {
            files: tree.files.iter().map(|file| file.path.clone()).collect(),
            lines: BTreeMap::new(),
            external: BTreeMap::new(),
            shown: BTreeMap::new(),
        };
        for (module, inside) in tree.modules.iter().enumerate() {
            let file = inside.file;
            for (index, import) in inside.imports.iter().enumerate() {
                let line = import.path.line;
                let meanings = tree.meanings_of_import(module, index);
                if meanings.is_empty() {
                    imports.note_external(file, &import.path.parts, line);
                }
                for meaning in meanings {
                    let shows = tree.shows(module, import, meaning);
                    match meaning {
                        Meaning::In(target) if shows => imports.note_shown(file, target, line),
                        Meaning::In(target) => imports.note(file, target, line),
                        Meaning::Module(_) if shows => {}
                        Meaning::Module(target) => {
                            // The name of a folder leads to what is used of it, that of a file to the file.
                            let target = &tree.modules[target];
                            if target.children.is_empty() || import.name.is_none() {
                                imports.note(file, target.file, line);
                            }
                        }
                    }
                }
            }
        }
        for mention in &tree.mentions {
            let file = tree.modules[mention.module].file;
            let line = mention.name.line;
            let meanings = tree.meanings(mention.module, &mention.name);
            if mention.is_macro && meanings.is_empty() {
                let target = tree.macro_in_scope(mention.module, &mention.name.parts[0]);
                target
                    .into_iter()
                    .for_each(|target| imports.note(file, target, line));
                continue;
            }
            if meanings.is_empty() {
                imports.note_external(file, &mention.name.parts, line);
            }
            for meaning in meanings {
                match meaning {
                    Meaning::In(target) => imports.note(file, target, line),
                    Meaning::Module(target) if tree.modules[target].children.is_empty() => {
                        imports.note(file, tree.modules[target].file, line);
                    }
                    Meaning::Module(_) => {}
                }
            }
        }
        imports
    }

    fn note(&mut self, file: usize, target: usize, line: usize) {
        if file != target {
            self.lines.entry((file, target)).or_default().insert(line);
        }
    }

    fn note_shown(&mut self, file: usize, target: usize, line: usize) {
        self.shown.entry((file, target)).or_default().insert(line);
    }

    fn note_external(&mut self, file: usize, parts: &[String], line: usize) {
        if let Some(first) = parts.first() {
            let known = self.external.entry((file, first.clone())).or_insert(line);
            *known = line.min(*known);
        }
    }

    /// Returns all imports: the two files and the first line.
    pub(crate) fn all(&self) -> impl Iterator<Item = (usize, usize, usize)> {
        let each = self.lines.iter();
        each.map(|((from, to), lines)| (*from, *to, *lines.first().unwrap()))
    }

    /// Returns each pair of files of which one imports the other and is reached from it again, with a circle that contains
    /// both.
    pub(crate) fn circles(&self) -> BTreeMap<Pair, String> {
        let mut circles = BTreeMap::new();
        for (from, to) in self.lines.keys() {
            let Some(back) = self.way(*to, *from) else {
                continue;
            };
            let mut pair = [self.files[*from].clone(), self.files[*to].clone()];
            pair.sort();
            let [lesser, greater] = pair;
            let steps = [*from].into_iter().chain(back).collect::<Vec<_>>();
            circles
                .entry((lesser, greater))
                .or_insert_with(|| self.describe(&steps));
        }
        circles
    }

    /// Returns the shortest path along imports, with both ends.
    fn way(&self, from: usize, to: usize) -> Option<Vec<usize>> {
        let mut before = BTreeMap::from([(from, from)]);
        let mut waiting = VecDeque::from([from]);
        while let Some(at) = waiting.pop_front() {
            if at == to {
                let mut way = vec![to];
                while *way.last().unwrap() != from {
                    way.push(before[way.last().unwrap()]);
                }
                way.reverse();
                return Some(way);
            }
            for (_, next) in self
                .lines
                .range((at, 0)..=(at, usize::MAX))
                .map(|(edge, _)| edge)
            {
                if !before.contains_key(next) {
                    before.insert(*next, at);
                    waiting.push_back(*next);
                }
            }
        }
        None
    }

    fn describe(&self, steps: &[usize]) -> String {
        let step = |step: &[usize]| {
            let lines: Vec<String> = self.lines[&(step[0], step[1])]
                .iter()
                .map(usize::to_string)
                .collect();
            let word = if lines.len() == 1 { "line" } else { "lines" };
            let [from, to] = [&self.files[step[0]], &self.files[step[1]]];
            format!("    {from} imports {to} at {word} {}", lines.join(", "))
        };
        steps.windows(2).map(step).collect::<Vec<_>>().join("\n")
    }
}
