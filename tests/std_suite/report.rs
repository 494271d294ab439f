//! The printed report: a table of files and modes, and how to run each failure again.

use crate::modes::Mode;
use crate::run::{Job, Limits, Outcome};
use std::collections::BTreeMap;

/// Collects outcomes.
#[derive(Debug)]
pub(crate) struct Report {
    modes: Vec<Mode>,
    limits: Limits,
    sanitize: bool,
    /// Passed and total, by file and mode.
    counts: BTreeMap<(String, Mode), (usize, usize)>,
    failures: Vec<String>,
    /// By reason: file, test, and the one mode that it is left out of.
    left_out: BTreeMap<String, Vec<(String, String, Option<Mode>)>>,
    unused: Vec<String>,
    slowest: Vec<(u128, String)>,
}

impl Report {
    pub(crate) fn new(modes: &[Mode], limits: Limits, sanitize: bool) -> Self {
        Report {
            modes: modes.to_vec(),
            limits,
            sanitize,
            counts: BTreeMap::new(),
            failures: Vec::new(),
            left_out: BTreeMap::new(),
            unused: Vec::new(),
            slowest: Vec::new(),
        }
    }

    pub(crate) fn left_out(&mut self, file: &str, test: &str, mode: Option<Mode>, reason: &str) {
        let entry = (file.to_string(), test.to_string(), mode);
        let entries = self.left_out.entry(reason.to_string()).or_default();
        if !entries.contains(&entry) {
            entries.push(entry);
        }
    }

    /// The table's entries that name nothing.
    pub(crate) fn unused(&mut self, entries: Vec<String>) {
        self.unused = entries;
    }

    /// A test, or under its own name a whole file, that does not compile.
    pub(crate) fn broken(&mut self, file: &str, test: &str, mode: Mode, message: &str) {
        self.count(file, mode, false);
        let what = if file == test {
            file.to_string()
        } else {
            format!("{file}::{test}")
        };
        self.failures.push(format!(
            "---- {what} does not compile (mode {})\n{message}",
            mode.name()
        ));
    }

    pub(crate) fn outcome(&mut self, job: &Job, outcome: Outcome) {
        self.count(&job.file, job.mode, outcome.failed == 0);
        let name = format!("{}::{}", job.file, job.test);
        self.slowest.push((
            outcome.slowest.as_millis(),
            format!("{name} ({})", job.mode.name()),
        ));
        let Some(first) = outcome.first_failure else {
            return;
        };
        let verdict = if outcome.hung { "hung" } else { "failed" };
        let runs = outcome.passed + outcome.failed;
        self.failures.push(format!(
            "---- {name} {verdict} (mode {}, {} of {runs} runs)\n{first}\n\
             rerun: cargo run -p greenpatch-tests --bin std_suite -- --mode {}{} --filter {name}\n\
             or:    {} run {} {}",
            job.mode.name(),
            outcome.failed,
            job.mode.name(),
            if self.sanitize { " --asan" } else { "" },
            job.binary.display(),
            job.test,
            job.mode.name(),
        ));
    }

    fn count(&mut self, file: &str, mode: Mode, passed: bool) {
        let count = self.counts.entry((file.to_string(), mode)).or_default();
        count.0 += usize::from(passed);
        count.1 += 1;
    }

    /// Prints everything; returns whether all passed.
    pub(crate) fn print(&mut self) -> bool {
        for failure in &self.failures {
            println!("{failure}\n");
        }
        self.print_left_out();
        self.slowest.sort();
        println!("slowest:");
        for (millis, name) in self.slowest.iter().rev().take(5) {
            println!("  {millis:>6} ms  {name}");
        }
        println!();
        let (passed, total) = self.print_table();
        for entry in &self.unused {
            println!("left_out.txt names {entry}, which these sources do not have");
        }
        println!("\nstd_suite: {passed} passed, {} failed", total - passed);
        passed == total && total > 0
    }

    /// Prints the tests that are left out, by reason.
    pub(crate) fn print_left_out(&self) {
        println!("left out:");
        for (reason, entries) in &self.left_out {
            println!("  {reason}: {}", entries.len());
            for (file, test, mode) in entries {
                let mode = mode.map_or(String::new(), |mode| format!(" (mode {})", mode.name()));
                println!("    {file}::{test}{mode}");
            }
        }
        println!();
    }

    /// Prints passed/total by file and mode; returns the sums.
    fn print_table(&self) -> (usize, usize) {
        let mut files: Vec<&String> = self.counts.keys().map(|(file, _)| file).collect();
        files.dedup();
        let width = files
            .iter()
            .map(|file| file.len())
            .max()
            .unwrap_or(0)
            .max(24);
        print!("{:width$}", "passed/total");
        for mode in &self.modes {
            print!("  {:>11}", mode.name());
        }
        println!("    ({} runs of each)", self.limits.repeat);
        for &file in &files {
            print!("{file:width$}");
            for &mode in &self.modes {
                match self.counts.get(&(file.clone(), mode)) {
                    Some((passed, total)) => print!("  {:>11}", format!("{passed}/{total}")),
                    None => print!("  {:>11}", "-"),
                }
            }
            println!();
        }
        print!("{:width$}", "total");
        let mut sum = (0, 0);
        for &mode in &self.modes {
            let counts = self.counts.iter().filter(|((_, of), _)| *of == mode);
            let (passed, total) = counts.fold((0, 0), |(passed, total), (_, count)| {
                (passed + count.0, total + count.1)
            });
            print!("  {:>11}", format!("{passed}/{total}"));
            sum = (sum.0 + passed, sum.1 + total);
        }
        println!();
        sum
    }
}
