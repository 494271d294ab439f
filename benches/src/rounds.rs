//! The parent process: starts children, with the peers in alternation, and collects their results.

use std::io::{self, Write};

use crate::arguments::Plan;
use crate::child::{self, Task};
use crate::results::Results;
use crate::scenario::{Case, Scenario};
use crate::scenarios;

/// Runs all rounds of a plan.
pub(crate) fn make(plan: &Plan) -> Results {
    let chosen: Vec<(&Scenario, &Case)> = scenarios::ALL
        .iter()
        .filter(|scenario| plan.scenarios.contains(&scenario.name))
        .flat_map(|scenario| scenario.cases.iter().map(move |case| (scenario, case)))
        .filter(|(_, case)| !(plan.quick && case.large))
        .collect();
    let peers = |case: &'static Case| {
        let wanted = |peer: &&&'static str| {
            plan.peers.is_empty() || plan.peers.iter().any(|name| name == **peer)
        };
        case.peers.iter().filter(wanted).copied()
    };
    let rounds = |case: &Case| (plan.rounds * case.times).min(case.most_rounds);
    let total: usize = chosen
        .iter()
        .map(|(_, case)| rounds(case) * peers(case).count())
        .sum();
    let mut results = Results::default();
    let mut number = 0;
    let most = chosen.iter().map(|(_, case)| rounds(case)).max();
    for round in 0..most.unwrap_or(0) {
        for &(scenario, case) in &chosen {
            if round >= rounds(case) {
                continue;
            }
            let mut order: Vec<_> = peers(case).collect();
            // The order changes, so that a peer does not always follow the same one.
            if round % 2 == 1 {
                order.reverse();
            }
            for peer in order {
                number += 1;
                print!(
                    "[{number}/{total}] {} {} {peer}: ",
                    scenario.name, case.size
                );
                // Only shows the progress.
                let _ = io::stdout().flush();
                let entry = results.entry(scenario.name, case.size, peer);
                if let Some(failure) = &entry.failure {
                    println!("failed before ({failure})");
                    continue;
                }
                let task = Task {
                    scenario: scenario.name,
                    size: case.size,
                    peer,
                    quick: plan.quick,
                    workers: plan.workers,
                };
                match child::start(task, case.limit) {
                    Ok(figures) if figures.len() == scenario.metrics.len() => {
                        println!("{}", described(&figures, scenario));
                        entry.rounds.push(figures);
                    }
                    Ok(figures) => {
                        entry.failure = Some(format!(
                            "{} figures instead of {}",
                            figures.len(),
                            scenario.metrics.len()
                        ));
                        println!("fails");
                    }
                    Err(failure) => {
                        println!("fails: {failure}");
                        entry.failure = Some(failure);
                    }
                }
            }
        }
    }
    results
}

fn described(figures: &[f64], scenario: &Scenario) -> String {
    let figures = figures.iter().zip(scenario.metrics);
    let figures: Vec<_> = figures
        .map(|(figure, metric)| format!("{} {metric}", crate::table::rounded(*figure)))
        .collect();
    figures.join("; ")
}
