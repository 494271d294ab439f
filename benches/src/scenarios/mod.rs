//! The scenarios: which program each peer runs, and how large.

use crate::scenario::Scenario;

mod condvar;
mod dispatch;
mod echo;
mod memory;
mod mpsc;
mod mutex;
mod pingpong;
mod spawn_join;
mod switch;

/// In the order in which they run.
pub(crate) const ALL: &[Scenario] = &[
    switch::SHALLOW,
    switch::DEEP,
    spawn_join::SCENARIO,
    pingpong::SCENARIO,
    mpsc::SCENARIO,
    mutex::SCENARIO,
    condvar::SCENARIO,
    memory::SLEEPERS,
    memory::SPIKE,
    memory::TIMERS,
    echo::SCENARIO,
    dispatch::SCENARIO,
];
