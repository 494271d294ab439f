//! Builds a package of std's tests, and goes on when some of them do not compile.
//!
//! What does not compile is taken out test by test, by what the compiler says, and reported as failed:
//! so one missing item of the facade does not hide all others.

use crate::left_out::LeftOut;
use crate::package::{Kind, Package};
use crate::sources::TestFile;
use crate::transform::Suite;
use crate::{examples, transform};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

/// A built package.
#[derive(Debug, Default)]
pub(crate) struct Built {
    /// By the key of the test file.
    pub(crate) files: BTreeMap<String, BuiltFile>,
}

/// One built test file.
#[derive(Debug, Default)]
pub(crate) struct BuiltFile {
    /// The binary, if the file as such compiles.
    pub(crate) binary: Option<PathBuf>,
    /// What does not compile, with the compiler's message: tests, or the file under its key.
    pub(crate) broken: BTreeMap<String, String>,
    /// What the table or an example's own text leaves out, with the reason.
    pub(crate) left_out: Vec<(String, String)>,
}

/// Writes and builds one of the packages.
///
/// # Errors
///
/// Says what could not be read, written or run.
pub(crate) fn build(files: &[TestFile], table: &LeftOut, kind: Kind) -> Result<Built, String> {
    let package = Package::new(kind)?;
    let mut built = Built::default();
    let mut files: Vec<&TestFile> = files.iter().collect();
    loop {
        let mut suites = BTreeMap::new();
        for file in &files {
            let text = fs::read_to_string(&file.path)
                .map_err(|error| format!("cannot read {}: {error}", file.path.display()))?;
            let state = built.files.entry(file.key.clone()).or_default();
            let broken: Vec<String> = state.broken.keys().cloned().collect();
            let suite = if file.examples {
                examples::transform(file, &text, table, &broken)
            } else {
                transform::transform(file, &text, table, &broken)?
            };
            state.left_out.clone_from(&suite.left_out);
            if !suite.tests.is_empty() {
                package.write_binary(file, &suite)?;
                suites.insert(file.binary(), (file.key.clone(), suite));
            }
        }
        files.retain(|file| suites.contains_key(&file.binary()));
        package.write_manifest(&files)?;
        let (succeeded, messages) = package.compile()?;
        let news = blame(&messages, &suites, &mut built);
        if succeeded || !news {
            return finish(&package, &files, built, &messages);
        }
    }
}

/// Notes which tests the compiler complained about; returns whether there were new ones.
fn blame(messages: &str, suites: &BTreeMap<String, (String, Suite)>, built: &mut Built) -> bool {
    let mut news = false;
    for block in messages.split("\n\n").filter_map(error_of) {
        let mut places = BTreeSet::new();
        for line in block.lines() {
            let Some((_, place)) = line.split_once("--> src/bin/") else {
                continue;
            };
            let mut parts = place.split(['/', ':']);
            let (Some(binary), Some("suite.rs"), Some(line)) =
                (parts.next(), parts.next(), parts.next())
            else {
                continue;
            };
            let Some((key, suite)) = suites.get(binary) else {
                continue;
            };
            let test = line.parse().ok().and_then(|line| suite.test_at(line));
            places.insert((key, test.unwrap_or(key).to_string()));
        }
        // A message may also point at a helper that the failing test calls.
        let in_tests = places.iter().any(|(key, test)| *key != test);
        for (key, test) in places {
            if in_tests && *key == test {
                continue;
            }
            let state = built.files.entry(key.clone()).or_default();
            state.broken.entry(test).or_insert_with(|| {
                news = true;
                block.trim().to_string()
            });
        }
    }
    news
}

/// The error of a block of the compiler's messages, without what cargo says before it.
fn error_of(block: &str) -> Option<&str> {
    if block.starts_with("error") {
        return Some(block);
    }
    block.find("\nerror").map(|at| &block[at + 1..])
}

/// Says which binaries there are; `messages` is what the compiler said last.
fn finish(
    package: &Package,
    files: &[&TestFile],
    mut built: Built,
    messages: &str,
) -> Result<Built, String> {
    let mut failed = false;
    for file in files {
        let state = built.files.entry(file.key.clone()).or_default();
        if messages.contains(&format!("(bin \"{}\")", package.binary_name(file))) {
            state
                .broken
                .entry(file.key.clone())
                .or_insert_with(|| messages.to_string());
            failed = true;
        } else {
            state.binary = Some(package.binary(file));
        }
    }
    if !failed && messages.contains("\nerror") {
        return Err(messages.to_string());
    }
    Ok(built)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSAGES: &str = "   Compiling std-suite-shadow v0.0.0\nerror[E0425]: no `x`\n  --> src/bin/f/suite.rs:3:5\n   |\n\n\
        warning: unused\n  --> src/bin/f/suite.rs:1:1\n\n\
        error[E0425]: no `y`\n  --> src/bin/f/suite.rs:9:5\n  --> src/bin/f/suite.rs:4:5\n\n\
        error[E0425]: no `z`\n  --> src/bin/f/suite.rs:9:5\n";

    #[test]
    fn errors_are_blamed_on_the_tests_that_they_point_into() {
        let suite = |tests: &[(&str, usize)]| {
            let mut suite = Suite::default();
            for &(name, line) in tests {
                let lines = std::iter::once(line..line + 1).collect();
                suite.tests.insert(name.to_string(), lines);
            }
            ("k".to_string(), suite)
        };
        let both = BTreeMap::from([("f".to_string(), suite(&[("a", 3), ("b", 4)]))]);
        let mut built = Built::default();
        assert!(blame(MESSAGES, &both, &mut built));
        let broken = &built.files["k"].broken;
        assert_eq!(broken.keys().collect::<Vec<_>>(), ["a", "b", "k"]);
        assert!(broken["a"].starts_with("error[E0425]: no `x`"));
        assert!(
            broken["k"].contains("no `z`"),
            "what is in no test breaks the file"
        );
        assert!(
            !blame(MESSAGES, &both, &mut built),
            "the same again is no news"
        );
    }
}
