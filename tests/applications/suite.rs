//! Reads what `cargo test` printed.

use std::collections::BTreeSet;

use crate::records::Suite;

/// The outcome of each test; of a test program that did not end, of those that came to an end.
pub(crate) fn read(text: &str, success: bool, killed: bool) -> Suite {
    let mut suite = Suite {
        compiles: true,
        success,
        ..Suite::default()
    };
    let mut one = Counts::default();
    let mut program = String::new();
    for line in text.lines() {
        if let Some(name) = running(line) {
            one.add_to(&mut suite);
            program = name;
        } else if let Some(counts) = Counts::of_summary(line) {
            // Names are kept; the numbers of the summary hold, since output may have torn a line apart.
            suite.failed.append(&mut one.failed);
            one = Counts::default();
            suite.passed += counts.passed;
            suite.ignored += counts.ignored;
        } else if let Some((_, how)) = line.split_once("process didn't exit successfully: ") {
            let how = how.rsplit_once('(').map_or(how, |(_, how)| how);
            let how = how.trim_end_matches(')');
            suite.died.insert(format!("{program}: {how}"));
        } else {
            one.take(line);
        }
    }
    if killed {
        suite.hung.append(&mut one.slow);
        if suite.hung.is_empty() {
            suite.hung.insert(program);
        }
    }
    one.add_to(&mut suite);
    suite
}

/// The test program that cargo starts now: `Running tests/a.rs (target/…)`.
fn running(line: &str) -> Option<String> {
    let rest = line.trim_start().strip_prefix("Running ")?;
    let (path, _) = rest.split_once(" (")?;
    Some(path.to_owned())
}

/// The tests of one program.
#[derive(Default)]
struct Counts {
    passed: u64,
    ignored: u64,
    failed: BTreeSet<String>,
    /// Those that have been running for a minute.
    slow: BTreeSet<String>,
}

impl Counts {
    /// `test result: ok. 3 passed; 0 failed; 1 ignored; …`
    fn of_summary(line: &str) -> Option<Counts> {
        let rest = line.split_once("test result: ")?.1;
        let mut counts = Counts::default();
        for part in rest.split(['.', ';']) {
            match part.trim().split_once(' ') {
                Some((number, "passed")) => counts.passed = number.parse().ok()?,
                Some((number, "ignored")) => counts.ignored = number.parse().ok()?,
                _ => {}
            }
        }
        Some(counts)
    }

    fn take(&mut self, line: &str) {
        let Some(rest) = line.strip_prefix("test ") else {
            return;
        };
        if let Some(name) = rest.strip_suffix(" has been running for over 60 seconds") {
            self.slow.insert(name.to_owned());
        } else if let Some((name, outcome)) = rest.rsplit_once(" ... ") {
            let name = name.trim_end_matches(" - should panic");
            self.slow.remove(name);
            match outcome {
                "ok" => self.passed += 1,
                "FAILED" => {
                    self.failed.insert(name.to_owned());
                }
                _ => self.ignored += u64::from(outcome.starts_with("ignored")),
            }
        }
    }

    fn add_to(&mut self, suite: &mut Suite) {
        suite.passed += self.passed;
        suite.ignored += self.ignored;
        suite.failed.append(&mut self.failed);
        *self = Counts::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summaries_are_added_up_and_failures_named() {
        let text = "     Running unittests src/lib.rs (target/debug/deps/a-1)\n\
                    test a ... ok\ntest b ... FAILED\ntest c ... ignored, slow\n\
                    test result: FAILED. 1 passed; 1 failed; 1 ignored; 0 measured\n\
                         Running tests/d.rs (target/debug/deps/d-1)\n\
                    test d - should panic ... ok\n\
                    test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured\n";
        let suite = read(text, false, false);
        assert_eq!((suite.passed, suite.ignored), (2, 1));
        assert_eq!(suite.failed, BTreeSet::from(["b".to_owned()]));
    }

    #[test]
    fn a_program_that_dies_counts_as_far_as_it_came() {
        let text = "     Running tests/a.rs (target/debug/deps/a-1)\ntest a ... ok\n\
                    error: test failed, to rerun pass `--test a`\n\nCaused by:\n  \
                    process didn't exit successfully: `/a-1` (signal: 6, SIGABRT: process abort signal)\n";
        let suite = read(text, false, false);
        assert_eq!(suite.passed, 1);
        let how = "tests/a.rs: signal: 6, SIGABRT: process abort signal".to_owned();
        assert_eq!(suite.died, BTreeSet::from([how]));
    }

    #[test]
    fn a_hang_is_that_of_the_test_that_did_not_end() {
        let text = "     Running tests/a.rs (target/debug/deps/a-1)\ntest a ... ok\n\
                    test b has been running for over 60 seconds\n\
                    test c has been running for over 60 seconds\ntest c ... ok\n";
        let suite = read(text, false, true);
        assert_eq!(suite.hung, BTreeSet::from(["b".to_owned()]));
        assert_eq!(suite.passed, 2);
    }
}
