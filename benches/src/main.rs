//! greenpatch beside its peers: see `benches/README.md`, or `--help`.
#![deny(unsafe_code)]

use std::error::Error;
use std::process::ExitCode;

mod arguments;
mod child;
mod echo;
mod goals;
mod machine;
mod peers;
mod plots;
mod readme;
mod report;
mod results;
mod rounds;
mod scenario;
mod scenarios;
mod table;

use arguments::{Plan, Request};
use child::Task;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let done = match arguments::parse(&words, scenarios::ALL) {
        Err(error) => Err(error),
        Ok(Request::Help) => {
            print!("{}", arguments::HELP);
            Ok(())
        }
        Ok(Request::List) => {
            list();
            Ok(())
        }
        Ok(Request::Serve(peer)) => echo::serve(&peer).map_err(|error| error.to_string()),
        Ok(Request::Child {
            scenario,
            size,
            peer,
            quick,
        }) => child::run(Task {
            scenario: &scenario,
            size: &size,
            peer: &peer,
            quick,
            workers: machine::workers(),
        })
        .map_err(|error| error.to_string()),
        Ok(Request::Measure(plan)) => measure(&plan).map_err(|error| error.to_string()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn list() {
    for scenario in scenarios::ALL {
        println!("{}: {}", scenario.name, scenario.about);
        for case in scenario.cases {
            println!("    {}: {}", case.size, case.peers.join(", "));
        }
    }
}

fn measure(plan: &Plan) -> Result<(), Box<dyn Error>> {
    machine::raise_descriptors();
    if plan.workers == 1 {
        machine::stay_on(machine::OTHER)?;
    }
    let results = rounds::make(plan);
    for scenario in scenarios::ALL {
        if plan.scenarios.contains(&scenario.name) {
            print!("{}", report::section(scenario, &results));
        }
    }
    print!("{}", report::goals(&results));
    let directory = report::write(plan, &results)?;
    println!("\nwritten to {}", directory.display());
    // A large case may exceed what a peer can do, which is a result; a small case must not fail.
    let failed = results.entries.iter().any(|entry| entry.failure.is_some());
    match plan.quick && failed {
        true => Err("not all of it works".into()),
        false => Ok(()),
    }
}
