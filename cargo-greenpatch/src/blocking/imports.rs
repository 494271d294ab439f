//! What a source brings in from the C library, and by which names.

use std::collections::{BTreeMap, BTreeSet};

use super::cause::{ON_DESCRIPTORS, WAITING, cause};
use crate::tokens::{Kind, Token};

/// What `use` declarations and `extern` blocks of a file bring in from the C library.
#[derive(Debug, Default)]
pub(super) struct Imports<'a> {
    /// The names of the crate.
    crates: BTreeSet<&'a str>,
    /// Functions, by the name that they have here.
    functions: BTreeMap<&'a str, &'a str>,
    /// Where a `use` of the crate begins and ends.
    declarations: Vec<(usize, usize)>,
}

impl<'a> Imports<'a> {
    pub(super) fn of(tokens: &[Token<'a>]) -> Imports<'a> {
        let mut imports = Imports::default();
        imports.crates.insert("libc");
        let kind = |at: usize| tokens.get(at).map(|token| token.kind);
        for (at, token) in tokens.iter().enumerate() {
            match token.kind {
                Kind::Name("use") => {
                    let mut start = at + 1;
                    start += usize::from(kind(start) == Some(Kind::Path));
                    if kind(start) == Some(Kind::Name("libc")) {
                        let length = tokens[at..].iter().position(|token| token.kind.is(';'));
                        let end = at + length.unwrap_or(tokens.len() - at);
                        imports.declarations.push((at, end));
                        imports.take(&tokens[start..end]);
                    }
                }
                // `extern "C" { fn poll(…) }`
                Kind::Name("extern") => {
                    let open = at + 1 + usize::from(matches!(kind(at + 1), Some(Kind::Text(_))));
                    if kind(open).is_some_and(|kind| kind.is('{')) {
                        let block = tokens[open..]
                            .iter()
                            .take_while(|token| !token.kind.is('}'));
                        let block: Vec<_> = block.map(|token| token.kind).collect();
                        for pair in block.windows(2) {
                            if let [Kind::Name("fn"), Kind::Name(name)] = pair {
                                imports.add(name, name);
                            }
                        }
                    }
                }
                _ => {}
            }
        }
        imports
    }

    /// Reads `libc`, `libc as c`, `libc::poll as p`, `libc::{self as c, poll, read as r}` or `libc::*`.
    fn take(&mut self, tree: &[Token<'a>]) {
        let kinds: Vec<_> = tree.iter().map(|token| token.kind).collect();
        if kinds.last() == Some(&Kind::Sign('*')) {
            for name in WAITING.iter().chain(ON_DESCRIPTORS) {
                self.add(name, name);
            }
        }
        for (at, kind) in kinds.iter().enumerate() {
            let Kind::Name(name) = kind else {
                continue;
            };
            if at > 0 && kinds[at - 1] == Kind::Name("as") || *name == "as" {
                continue;
            }
            let here = match (kinds.get(at + 1), kinds.get(at + 2)) {
                (Some(Kind::Name("as")), Some(Kind::Name(here))) => here,
                _ => name,
            };
            match *name {
                "libc" | "self" if *here != "self" => drop(self.crates.insert(here)),
                "libc" | "self" => {}
                name => self.add(here, name),
            }
        }
    }

    fn add(&mut self, here: &'a str, name: &'a str) {
        if cause(name).is_some() {
            self.functions.insert(here, name);
        }
    }

    pub(super) fn names_libc(&self, name: &str) -> bool {
        self.crates.contains(name)
    }

    pub(super) fn function(&self, here: &str) -> Option<&'a str> {
        self.functions.get(here).copied()
    }

    /// Whether a token is part of a `use` of the crate.
    pub(super) fn covers(&self, at: usize) -> bool {
        let mut declarations = self.declarations.iter();
        declarations.any(|(start, end)| (*start..*end).contains(&at))
    }
}
