//! What happens at the edges: how a process ends, what it prints, what it costs in the long run.
//!
//! Each scenario is a process of its own, this program run again, since it patches, aborts, or exits.
#![allow(missing_docs)]

mod ends;
mod hooks;
mod lives;
mod overflows;
mod polls;

use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Output};
use std::time::Duration;

use greenpatch_tests::watchdog;

/// Names the scenario that a child is to be.
const SCENARIO: &str = "GREENPATCH_TEST_SCENARIO";

/// What the child does, and what its parent wants to see of it.
struct Scenario {
    name: &'static str,
    child: fn(),
    check: fn(&Ended),
}

/// How a child has ended.
struct Ended {
    code: Option<i32>,
    signal: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Ended {
    fn well(&self) {
        assert_eq!(self.code, Some(0), "{}{}", self.stdout, self.stderr);
    }

    fn by_abort(&self) {
        assert_eq!(self.signal, Some(6), "{}{}", self.stdout, self.stderr);
    }

    fn said(&self, text: &str) {
        assert!(
            self.stderr.contains(text),
            "`{text}` is not in:\n{}",
            self.stderr
        );
    }
}

fn main() {
    let scenarios = [
        overflows::SCENARIOS,
        ends::SCENARIOS,
        hooks::SCENARIOS,
        lives::SCENARIOS,
        polls::SCENARIOS,
    ]
    .into_iter()
    .flatten();
    if let Ok(wanted) = std::env::var(SCENARIO) {
        let _watchdog = watchdog(Duration::from_secs(100));
        let scenario = scenarios
            .into_iter()
            .find(|scenario| scenario.name == wanted);
        return (scenario.expect("a scenario by that name").child)();
    }
    let mut run = 0;
    for scenario in scenarios {
        print!("test {} ... ", scenario.name);
        let output = Command::new(std::env::current_exe().unwrap())
            .env(SCENARIO, scenario.name)
            .env("RUST_BACKTRACE", "0")
            .output()
            .unwrap();
        let Output {
            status,
            stdout,
            stderr,
        } = output;
        (scenario.check)(&Ended {
            code: status.code(),
            signal: status.signal(),
            stdout: String::from_utf8(stdout).unwrap(),
            stderr: String::from_utf8(stderr).unwrap(),
        });
        println!("ok");
        run += 1;
    }
    println!("\n{run} passed, 0 failed");
}
