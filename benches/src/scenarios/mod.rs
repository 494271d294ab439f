//! The scenarios: which program each peer runs, and how large.

use crate::scenario::Scenario;

mod echo;
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
    mutex::SCENARIO,
    echo::SCENARIO,
];
