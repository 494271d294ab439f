//! Shared helpers of the integration tests: the watchdog, seeded random numbers, re-execution, and the runner of the
//! binaries that do without libtest. `README.md` says which binary uses what.

mod child;
mod isolated;
mod random;
mod runner;
mod watchdog;

pub use child::{Ended, child, limit_child, task};
pub use isolated::{isolated, isolated_with};
pub use random::Random;
pub use runner::{Runner, Scenario};
pub use watchdog::{Watchdog, watchdog};

/// Holds the examples of the README of the repository, which are tested like all others.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
