//! The scenarios: the programs of each peer, and their sizes.

use crate::scenario::Scenario;

mod condvar;
mod dispatch;
mod echo;
mod held;
mod memory;
mod mpsc;
mod mutex;
mod pingpong;
mod spawn_join;
mod switch;
mod uneven;

/// All scenarios, in the order in which they run.
pub(crate) const ALL: &[Scenario] = &[
    switch::SHALLOW,
    switch::DEEP,
    spawn_join::SCENARIO,
    pingpong::SCENARIO,
    pingpong::APART,
    mpsc::SCENARIO,
    mutex::SCENARIO,
    condvar::SCENARIO,
    uneven::SCENARIO,
    held::SCENARIO,
    memory::SLEEPERS,
    memory::SPIKE,
    memory::TIMERS,
    echo::SCENARIO,
    dispatch::SCENARIO,
];
