//! The table of tests that are left out, `left_out.txt`: by name, with the reason.
//!
//! The file's form: a line `== reason` or `== [mode mode] reason`, then `FILE: NAME NAME …`, continued
//! by indented lines. `FILE: *` stands for the whole file, `FILE: use NAME` for an import that is
//! dropped. `#` starts a comment.

use crate::modes::Mode;
use std::cell::Cell;

/// One name that is left out.
#[derive(Debug)]
struct Entry {
    file: String,
    name: String,
    import: bool,
    /// Empty: in every mode, and not even compiled.
    modes: Vec<Mode>,
    reason: usize,
    used: Cell<bool>,
}

/// The table.
#[derive(Debug, Default)]
pub(crate) struct LeftOut {
    reasons: Vec<String>,
    entries: Vec<Entry>,
}

impl LeftOut {
    /// Reads the table.
    ///
    /// # Errors
    ///
    /// Says which line does not have the form.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut table = LeftOut::default();
        let mut modes = Vec::new();
        let mut file = String::new();
        for (index, line) in text.lines().enumerate() {
            let error = |what: &str| Err(format!("left_out.txt:{}: {what}", index + 1));
            if let Some(heading) = line.strip_prefix("== ") {
                let (list, reason) = match heading.strip_prefix('[') {
                    Some(rest) => match rest.split_once("] ") {
                        Some(parts) => parts,
                        None => return error("expected `[mode mode] reason`"),
                    },
                    None => ("", heading),
                };
                modes.clear();
                for mode in list.split_whitespace() {
                    match Mode::parse(mode) {
                        Ok(mode) => modes.push(mode),
                        Err(message) => return error(&message),
                    }
                }
                table.reasons.push(reason.to_string());
                file.clear();
                continue;
            }
            let line = line.split('#').next().unwrap_or("").trim_end();
            if line.is_empty() {
                continue;
            }
            let names = if line.starts_with(' ') {
                line
            } else {
                let Some((key, names)) = line.split_once(':') else {
                    return error("expected `== reason` or `FILE: NAME …`");
                };
                file = key.to_string();
                names
            };
            if file.is_empty() || table.reasons.is_empty() {
                return error("expected a reason and a file before the names");
            }
            let mut words: Vec<&str> = names.split_whitespace().collect();
            let import = words.first() == Some(&"use");
            if import {
                words.remove(0);
            }
            for name in words {
                table.entries.push(Entry {
                    file: file.clone(),
                    name: name.to_string(),
                    import,
                    modes: modes.clone(),
                    reason: table.reasons.len() - 1,
                    used: Cell::new(false),
                });
            }
        }
        Ok(table)
    }

    /// Why the test is not even compiled, if it is not.
    pub(crate) fn test(&self, file: &str, name: &str) -> Option<&str> {
        self.find(file, |entry| {
            !entry.import && entry.modes.is_empty() && [name, "*"].contains(&entry.name.as_str())
        })
    }

    /// Why the whole file is left out, if it is.
    pub(crate) fn file(&self, file: &str) -> Option<&str> {
        self.find(file, |entry| {
            !entry.import && entry.modes.is_empty() && entry.name == "*"
        })
    }

    /// Why the test, which is compiled, does not run in this mode.
    pub(crate) fn in_mode(&self, file: &str, name: &str, mode: Mode) -> Option<&str> {
        self.find(file, |entry| {
            entry.modes.contains(&mode) && entry.name == name
        })
    }

    /// Whether this name is dropped from the file's imports.
    pub(crate) fn import(&self, file: &str, name: &str) -> bool {
        self.find(file, |entry| entry.import && entry.name == name)
            .is_some()
    }

    /// The entries that named nothing, in the files that were read and the modes that were run.
    pub(crate) fn unused(&self, files: &[String], modes: &[Mode]) -> Vec<String> {
        self.entries
            .iter()
            .filter(|entry| !entry.used.get() && files.contains(&entry.file))
            .filter(|entry| entry.modes.is_empty() || entry.modes.iter().any(|m| modes.contains(m)))
            .map(|entry| format!("{}: {}", entry.file, entry.name))
            .collect()
    }

    fn find(&self, file: &str, matches: impl Fn(&Entry) -> bool) -> Option<&str> {
        let entry = self
            .entries
            .iter()
            .find(|entry| entry.file == file && matches(entry))?;
        entry.used.set(true);
        Some(&self.reasons[entry.reason])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_left_out_in_its_file_alone() {
        let table = LeftOut::parse(
            "# words\n== needs #![feature(x)]\na: one two\n   three\nb: use Four\n== [green] native\na: five\n",
        )
        .expect("well-formed");
        assert_eq!(table.test("a", "three"), Some("needs #![feature(x)]"));
        assert_eq!(table.test("b", "three"), None);
        assert!(table.import("b", "Four"));
        assert_eq!(table.test("a", "five"), None);
        assert_eq!(table.in_mode("a", "five", Mode::Green), Some("native"));
        assert_eq!(table.in_mode("a", "five", Mode::Root), None);
        assert_eq!(table.unused(&["a".to_string()], &[]), ["a: one", "a: two"]);
    }

    #[test]
    fn a_whole_file_is_left_out() {
        let table = LeftOut::parse("== private\na: *\n").expect("well-formed");
        assert_eq!(table.file("a"), Some("private"));
        assert_eq!(table.test("a", "any"), Some("private"));
        assert_eq!(table.file("b"), None);
    }

    #[test]
    fn names_without_a_reason_are_refused() {
        assert!(
            LeftOut::parse("a: one\n")
                .unwrap_err()
                .contains("left_out.txt:1")
        );
        assert!(
            LeftOut::parse("== [blue] x\n")
                .unwrap_err()
                .contains("blue")
        );
    }
}
