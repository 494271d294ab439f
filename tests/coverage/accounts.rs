//! The decisions about items in `accounts.txt`: which can block, and which are missing or different, for a
//! reason.
//!
//! The file's form: a line `== HEADING` or `== HEADING: note`, then lines `ITEM: member, member`, where
//! `ITEM:` alone means the item itself. `#` starts a comment.

use std::collections::BTreeMap;

/// The kinds of decisions about an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Heading {
    /// Can block the calling thread.
    Blocks,
    /// Never blocks.
    NeverBlocks,
    /// Greenpatch does not have it.
    Missing,
    /// Declared otherwise than in std.
    Differs,
    /// Greenpatch has it, and std does not.
    Extra,
}

impl Heading {
    fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "blocks" => Heading::Blocks,
            "never blocks" => Heading::NeverBlocks,
            "missing" => Heading::Missing,
            "differs" => Heading::Differs,
            "extra" => Heading::Extra,
            _ => return None,
        })
    }
}

/// All decisions: by heading and name, the note.
#[derive(Debug, Default)]
pub(crate) struct Accounts {
    entries: BTreeMap<(Heading, String), String>,
}

impl Accounts {
    /// Reads the file.
    ///
    /// # Panics
    ///
    /// Panics at a line that does not have the form.
    pub(crate) fn parse(text: &str) -> Self {
        let mut accounts = Accounts::default();
        let mut current = None;
        for (index, line) in text.lines().enumerate() {
            let line = line.split('#').next().unwrap_or("").trim();
            if let Some(heading) = line.strip_prefix("== ") {
                let (heading, note) = heading.split_once(": ").unwrap_or((heading, ""));
                let heading = Heading::parse(heading)
                    .unwrap_or_else(|| panic!("accounts.txt:{}: unknown heading", index + 1));
                current = Some((heading, note));
            } else if !line.is_empty() {
                let (Some((item, members)), Some((heading, note))) = (
                    line.rsplit_once(':')
                        .filter(|(item, _)| !item.ends_with(':')),
                    current,
                ) else {
                    panic!(
                        "accounts.txt:{}: expected `ITEM: member, member`",
                        index + 1
                    );
                };
                for member in members.split(',').map(str::trim) {
                    let name = if member.is_empty() {
                        item.to_string()
                    } else {
                        format!("{item}::{member}")
                    };
                    let old = accounts
                        .entries
                        .insert((heading, name.clone()), note.to_string());
                    assert!(old.is_none(), "accounts.txt:{}: {name} twice", index + 1);
                }
            }
        }
        accounts
    }

    /// The note under which the item is listed there, if it is.
    pub(crate) fn note(&self, heading: Heading, name: &str) -> Option<&str> {
        self.entries
            .get(&(heading, name.to_string()))
            .map(String::as_str)
    }

    /// All names under a heading.
    pub(crate) fn names(&self, heading: Heading) -> impl Iterator<Item = &str> {
        self.entries
            .keys()
            .filter(move |(of, _)| *of == heading)
            .map(|(_, name)| name.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_listed_under_their_item() {
        let accounts = Accounts::parse(
            "== blocks: waits\nsync::Mutex: lock, impl Deref # why\nthread: park\n== missing: no\nsync::X:\n",
        );
        assert_eq!(
            accounts.note(Heading::Blocks, "sync::Mutex::impl Deref"),
            Some("waits")
        );
        assert_eq!(
            accounts.note(Heading::Blocks, "thread::park"),
            Some("waits")
        );
        assert_eq!(accounts.note(Heading::NeverBlocks, "thread::park"), None);
        assert_eq!(
            accounts.names(Heading::Missing).collect::<Vec<_>>(),
            ["sync::X"]
        );
    }

    #[test]
    #[should_panic(expected = "accounts.txt:2")]
    fn a_path_without_members_needs_its_colon() {
        Accounts::parse("== blocks\nsync::Mutex\n");
    }
}
