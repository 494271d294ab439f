//! Writes `docs/APPLICATIONS.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use crate::records::{Program, Published, Records, Run, Suite};

/// The whole page.
pub(crate) fn write(records: &Records, explanations: &BTreeMap<String, String>) -> String {
    let mut page = String::new();
    head(&mut page, records);
    programs(&mut page, records, explanations);
    crates(&mut page, records, explanations);
    graphs(&mut page, records);
    page
}

fn head(page: &mut String, records: &Records) {
    let all: BTreeSet<&String> = records
        .programs
        .values()
        .flat_map(|program| &program.graph)
        .collect();
    let passed: u64 = records
        .crates
        .values()
        .map(|published| published.std.passed)
        .sum();
    let green: u64 = records
        .crates
        .values()
        .map(|published| published.greenpatch.passed)
        .sum();
    let same = records
        .crates
        .values()
        .filter(|published| !published.differs())
        .count();
    let compile = records
        .crates
        .values()
        .filter(|published| published.greenpatch.compiles)
        .count();
    put(
        page,
        &format!(
            "# Applications and published crates under `cargo greenpatch`\n\n\
             Written by `cargo run -p greenpatch-tests --bin applications` from its records;\n\
             see `tests/applications/README.md`. No line of any of these crates is changed.\n\n\
             {} applications, with {} published crates in their graphs, are built and run by cargo and by `cargo greenpatch`. \
             {} published crates have their own tests built and run in both ways: {compile} compile with greenpatch, {passed} tests \
             pass with std and {green} with greenpatch, and {same} crates have the same outcome for each test.\n",
            records.programs.len(),
            all.len(),
            records.crates.len(),
        ),
    );
}

fn programs(page: &mut String, records: &Records, explanations: &BTreeMap<String, String>) {
    put(
        page,
        "\n## Applications\n\n\
         They are in `tests/applications/programs`. Throughput is the median of the runs with greenpatch over that with std, run in alternation, \
         with the lowest and the highest ratio of the runs in brackets; built with `opt-level = 2`. \
         `contended` and `requests` were measured without other work. With the others the machine was busy, as the spread shows; it then gives more of its \
         time to a program with more OS threads, so the ratios are lower than on one without other work. OS threads is the maximum during the run.\n\n\
         | application | uses | crates | compiles | output | OS threads, std → greenpatch | throughput, std | greenpatch ÷ std | |\n\
         | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n",
    );
    for (name, program) in &records.programs {
        let note = explanations.get(name).map_or("", String::as_str);
        put(
            page,
            &format!(
                "| {name} | {} | {} | {} | {} | {} → {} | {} | {note} |\n",
                program.direct.join(", "),
                program.graph.len(),
                yes(program.greenpatch.compiles),
                outcome(program),
                program.std.os_threads,
                program.greenpatch.os_threads,
                throughput(program),
            ),
        );
    }
}

fn outcome(program: &Program) -> &'static str {
    match program {
        Program {
            same: true,
            std: Run { success: true, .. },
            greenpatch: Run { success: true, .. },
            ..
        } => "the same",
        Program {
            greenpatch: Run { hung: true, .. },
            ..
        } => "**hangs**",
        _ => "**differs**",
    }
}

/// Two cells.
fn throughput(program: &Program) -> String {
    let (Some(unit), Some(std), Some(green)) = (
        &program.unit,
        median(&program.std.figures),
        median(&program.greenpatch.figures),
    ) else {
        return " | ".to_owned();
    };
    let mut ratios: Vec<f64> = program
        .greenpatch
        .figures
        .iter()
        .zip(&program.std.figures)
        .map(|(green, std)| green / std)
        .collect();
    ratios.sort_by(f64::total_cmp);
    format!(
        "{} {unit} | {:.2} ({:.2}–{:.2})",
        thousands(std),
        green / std,
        ratios[0],
        ratios[ratios.len() - 1]
    )
}

fn median(figures: &[f64]) -> Option<f64> {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied()
}

/// A whole number with commas.
fn thousands(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn crates(page: &mut String, records: &Records, explanations: &BTreeMap<String, String>) {
    put(
        page,
        "\n## Published crates and their own tests\n\n\
         Library and integration tests as published, with default features and none left out unless `tests/applications/crates.txt` says otherwise, and why; \
         the bodies of tests run on OS threads (`--bodies native`), and the threads that they start are green. \"In\" names the applications above that are built from the crate.\n\n\
         | crate | in | compiles | passed with std | with greenpatch | |\n\
         | --- | --- | --- | --- | --- | --- |\n",
    );
    for (name, published) in &records.crates {
        let note = explanations.get(name).map_or("", String::as_str);
        put(
            page,
            &format!(
                "| {name} {} | {} | {} | {} | {} | {note} |\n",
                published.version,
                used_in(records, name).join(", "),
                yes(published.greenpatch.compiles),
                suite(&published.std),
                suite(&published.greenpatch),
            ),
        );
    }
    details(page, records);
    let dates: BTreeSet<(&str, &str)> = dates(records);
    let dates: Vec<String> = dates
        .iter()
        .map(|(date, compiler)| format!("{date} with {compiler}"))
        .collect();
    put(
        page,
        &format!(
            "\nRecorded on {}, x86-64 Linux, two cores.\n",
            dates.join(", ")
        ),
    );
}

fn dates(records: &Records) -> BTreeSet<(&str, &str)> {
    let crates = records
        .crates
        .values()
        .map(|of: &Published| (of.date.as_str(), of.compiler.as_str()));
    let programs = records
        .programs
        .values()
        .map(|of| (of.date.as_str(), of.compiler.as_str()));
    crates.chain(programs).collect()
}

fn used_in<'a>(records: &'a Records, name: &str) -> Vec<&'a str> {
    let uses = |program: &Program| {
        let mut graph = program.graph.iter();
        graph.any(|entry| entry.split(' ').next() == Some(name))
    };
    let found = records.programs.iter().filter(|(_, program)| uses(program));
    found.map(|(name, _)| name.as_str()).collect()
}

fn suite(suite: &Suite) -> String {
    if !suite.compiles {
        return "does not compile".to_owned();
    }
    let mut text = suite.passed.to_string();
    for (count, what) in [
        (suite.failed.len(), "failed"),
        (suite.hung.len(), "hung"),
        (suite.died.len(), "died"),
    ] {
        if count > 0 {
            write!(text, ", **{count} {what}**").expect("a string can be written to");
        }
    }
    text
}

/// The names of the tests that do not pass in both ways.
fn details(page: &mut String, records: &Records) {
    let mut lines = Vec::new();
    for (name, published) in &records.crates {
        for (variant, suite) in [
            ("std", &published.std),
            ("greenpatch", &published.greenpatch),
        ] {
            for (what, tests) in [
                ("fail", &suite.failed),
                ("hang", &suite.hung),
                ("die", &suite.died),
            ] {
                if !tests.is_empty() {
                    let tests: Vec<String> = tests.iter().map(|test| format!("`{test}`")).collect();
                    lines.push(format!(
                        "- {name}, with {variant}, {what}: {}\n",
                        tests.join(", ")
                    ));
                }
            }
        }
    }
    if !lines.is_empty() {
        put(page, "\nTests that do not pass:\n\n");
        lines.iter().for_each(|line| put(page, line));
    }
}

fn graphs(page: &mut String, records: &Records) {
    put(page, "\n## The graphs\n\n");
    for (name, program) in &records.programs {
        let crates: Vec<&str> = program.graph.iter().map(String::as_str).collect();
        put(page, &format!("- {name}: {}\n", crates.join(", ")));
    }
}

fn yes(it_does: bool) -> &'static str {
    if it_does { "yes" } else { "**no**" }
}

fn put(page: &mut String, text: &str) {
    page.push_str(text);
}
