//! The files that a run writes.

use std::error::Error;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use crate::arguments::Plan;
use crate::goals;
use crate::machine;
use crate::plots;
use crate::readme;
use crate::results::Results;
use crate::scenario::Scenario;
use crate::scenarios;
use crate::table;

/// Writes all files and returns their directory: `benches/results` after a full run, otherwise one outside of the
/// repository.
pub(crate) fn write(plan: &Plan, results: &Results) -> Result<PathBuf, Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    let root = root.expect("the package is in a directory of the repository");
    let full = plan.scenarios.len() == scenarios::ALL.len()
        && plan.peers.is_empty()
        && !plan.quick
        && plan.workers == 1;
    let directory = root.join(match full {
        true => "benches/results",
        false => "target/bench-results",
    });
    fs::create_dir_all(&directory)?;
    fs::write(directory.join("results.md"), markdown(plan, results))?;
    fs::write(directory.join("results.csv"), results.csv(metrics_of))?;
    plots::draw(&directory, results)?;
    if plan.write_readme {
        readme::refresh(&root.join("README.md"), results)?;
    }
    Ok(directory)
}

fn metrics_of(name: &str) -> &'static [&'static str] {
    let mut all = scenarios::ALL.iter();
    all.find(|scenario| scenario.name == name)
        .map_or(&[], |scenario| scenario.metrics)
}

fn markdown(plan: &Plan, results: &Results) -> String {
    let mut text = "# Results\n\nWritten by `greenpatch-bench`; `../README.md` says what each scenario is.\n\n".to_owned();
    for line in machine::description() {
        let _ = writeln!(text, "- {line}");
    }
    if plan.workers > 1 {
        let _ = writeln!(text, "- {} workers, on all cores", plan.workers);
    }
    let versions = machine::versions(&["greenpatch", "corosensei", "tokio", "may"]);
    let _ = writeln!(text, "- versions: {}", versions.join(", "));
    let _ = writeln!(
        text,
        "- medians of {} rounds, of large cases fewer, in which the peers took turns, a process each time; in brackets the \
         ratio to the baseline, which is the median of the ratios within each round; \"–\" where a peer has no such thing or is left out",
        plan.rounds
    );
    for scenario in scenarios::ALL {
        if plan.scenarios.contains(&scenario.name) {
            text += &section(scenario, results);
        }
    }
    text + &goals(results)
}

/// Returns the section with the goals.
pub(crate) fn goals(results: &Results) -> String {
    match goals::table(results) {
        table if table.is_empty() => table,
        table => format!("\n## Goals\n\n{table}"),
    }
}

/// Returns the section of a scenario: heading, table and failures.
pub(crate) fn section(scenario: &Scenario, results: &Results) -> String {
    let baseline = match scenario.baseline {
        Some(baseline) => format!("; baseline: {baseline}"),
        None => String::new(),
    };
    let mut text = format!(
        "\n## {}\n\n{}{baseline}.\n\n{}",
        scenario.name,
        scenario.about,
        table::of(scenario, results)
    );
    let failures = results.entries.iter().filter_map(|entry| {
        let failure = entry.failure.as_ref()?;
        (entry.scenario == scenario.name).then(|| {
            format!(
                "- {} with {}: fails in round {}: {failure}\n",
                entry.peer,
                entry.size,
                entry.rounds.len() + 1
            )
        })
    });
    let failures: String = failures.collect();
    if !failures.is_empty() {
        text += "\n";
        text += &failures;
    }
    text
}
