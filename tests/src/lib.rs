//! Shared helpers of the integration tests: the watchdog, seeded random numbers, re-execution, and the runner of the
//! binaries without libtest. `README.md` lists the binaries and what they use.

mod child;
mod isolated;
mod random;
mod runner;
mod watchdog;

pub use child::{Ended, child, limit_child, task};
pub use isolated::{isolated, isolated_with};
pub use random::{Random, stress_time};
pub use runner::{Runner, Scenario};
pub use watchdog::{Watchdog, watchdog};

/// Contains the examples in the README of the repository, so that they are tested.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;

/// Contains the examples of the chapter on time-outs and cancellation.
#[cfg(doctest)]
#[doc = include_str!("../../docs/CANCELLATION.md")]
pub struct Cancellation;
