//! The table of conformance against the sources.

use std::fs;
use std::path::Path;

const TABLE: &str = include_str!("../../../docs/CONFORMANCE.md");

/// The cells of the rows, without the heads of the tables.
fn rows() -> impl Iterator<Item = Vec<&'static str>> {
    TABLE
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| ---"))
        .filter(|line| !line.ends_with("| test |"))
        .map(|line| line.trim_matches('|').split(" | ").map(str::trim).collect())
}

#[test]
fn every_test_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut found = 0;
    for row in rows() {
        for name in row.last().unwrap().split('`').skip(1).step_by(2) {
            let (file, test) = match name.split_once("::") {
                Some((file, test)) if file.contains('/') => (file.to_owned(), test),
                Some((module, test)) => (format!("tests/tests/protocol/{module}.rs"), test),
                None => (name.to_owned(), ""),
            };
            let source = fs::read_to_string(root.join(&file));
            let source = source.unwrap_or_else(|error| panic!("{file}: {error}"));
            let there = test.is_empty() || source.contains(&format!("fn {test}()"));
            assert!(there, "no test `{test}` in {file}, of the row {row:?}");
            found += 1;
        }
    }
    assert!(found > 50, "only {found} tests are named");
}

#[test]
fn every_row_has_a_test_or_a_reason_for_none() {
    for row in rows() {
        let test = row.last().unwrap();
        let excused = row.iter().any(|cell| {
            ["not needed: ", "later: "]
                .iter()
                .any(|word| cell.starts_with(word))
        });
        assert!(test.starts_with('`') || excused, "{row:?}");
    }
}
