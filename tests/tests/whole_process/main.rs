//! Behaviour of a whole process: overflowing stacks, reports, panic hooks, ends, memory over a long run, and loops that
//! poll.
//!
//! Each scenario is a separate process, this program run again, since it patches, aborts, or exits.
#![allow(missing_docs)]

mod across_patching;
mod leaves_nothing_behind;
mod panic_hooks;
mod polling_loops;
mod stack_limits;
mod thread_and_process_ends;

use greenpatch_tests::Runner;

fn main() {
    let mut runner = Runner::from_args();
    runner.scenarios(stack_limits::SCENARIOS);
    runner.scenarios(thread_and_process_ends::SCENARIOS);
    runner.scenarios(panic_hooks::SCENARIOS);
    runner.scenarios(leaves_nothing_behind::SCENARIOS);
    runner.scenarios(across_patching::SCENARIOS);
    runner.scenarios(polling_loops::SCENARIOS);
    runner.finish();
}
