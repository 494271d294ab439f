//! What happens at the edges: how a process ends, what it prints, what it costs in the long run.
//!
//! Each scenario is a process of its own, this program run again, since it patches, aborts, or exits.
#![allow(missing_docs)]

mod ends;
mod hooks;
mod lives;
mod overflows;
mod polls;

use greenpatch_tests::Runner;

fn main() {
    let mut runner = Runner::from_args();
    runner.scenarios(overflows::SCENARIOS);
    runner.scenarios(ends::SCENARIOS);
    runner.scenarios(hooks::SCENARIOS);
    runner.scenarios(lives::SCENARIOS);
    runner.scenarios(polls::SCENARIOS);
    runner.finish();
}
