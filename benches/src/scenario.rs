//! Scenarios, their cases, and how a child repeats a program.

use std::io;
use std::time::{Duration, Instant};

use greenpatch_bench_native::Lap;

/// The implementation that runs a program.
pub(crate) type Peer = &'static str;

pub(crate) const GREENPATCH: Peer = "greenpatch";
/// With stacks of 64 KiB, set by `RUST_MIN_STACK`.
pub(crate) const GREENPATCH_64: Peer = "greenpatch 64 KiB";
pub(crate) const STD: Peer = "std threads";
pub(crate) const TOKIO: Peer = "tokio";
pub(crate) const MAY: Peer = "may";
pub(crate) const COROSENSEI: Peer = "corosensei";
/// With the tops of its stacks staggered, as those of greenpatch.
pub(crate) const STAGGERED: Peer = "corosensei staggered";
pub(crate) const EPOLL: Peer = "epoll loop";

/// The figures of one child, in the order of the metrics of its scenario.
pub(crate) type Figures = Vec<f64>;

/// A group of cases with the same metrics.
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    /// A short description.
    pub(crate) about: &'static str,
    /// The names of its figures. Ratios are computed from the first.
    pub(crate) metrics: &'static [&'static str],
    /// The peer that ratios refer to, if any.
    pub(crate) baseline: Option<Peer>,
    pub(crate) cases: &'static [Case],
}

/// One program at one size, run by several peers.
pub(crate) struct Case {
    pub(crate) size: &'static str,
    pub(crate) peers: &'static [Peer],
    /// Measures the case, in a child process.
    pub(crate) run: fn(&str, Effort) -> io::Result<Figures>,
    /// Whether `--quick` skips the case.
    pub(crate) large: bool,
    /// The case is measured this many times as often as others.
    pub(crate) times: usize,
    /// The maximum number of rounds.
    pub(crate) most_rounds: usize,
    /// The time after which a child is killed.
    pub(crate) limit: Duration,
}

impl Case {
    pub(crate) const fn new(
        size: &'static str,
        peers: &'static [Peer],
        run: fn(&str, Effort) -> io::Result<Figures>,
    ) -> Case {
        Case {
            size,
            peers,
            run,
            large: false,
            times: 1,
            most_rounds: usize::MAX,
            limit: Duration::from_secs(60),
        }
    }

    /// Marks the case as large: skipped by `--quick`, repeated less often, with a longer limit.
    pub(crate) const fn large(mut self) -> Case {
        self.large = true;
        self.limit = Duration::from_secs(240);
        self.rounds(5)
    }

    /// Marks the case as noisy: measured more often than others.
    pub(crate) const fn times(mut self, times: usize) -> Case {
        self.times = times;
        self
    }

    pub(crate) const fn rounds(mut self, most: usize) -> Case {
        self.most_rounds = most;
        self
    }
}

/// The effort of a child.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effort {
    pub(crate) quick: bool,
}

impl Effort {
    /// Repeats a program and returns the median of its nanoseconds per operation. The first lap warms up and is not counted.
    pub(crate) fn laps(self, mut program: impl FnMut() -> Lap) -> io::Result<Figures> {
        let (least, time) = match self.quick {
            true => (1, Duration::from_millis(50)),
            false => (3, Duration::from_millis(300)),
        };
        program()?;
        let start = Instant::now();
        let mut laps = Vec::new();
        while laps.len() < least || start.elapsed() < time {
            laps.push(per_operation(program()?));
        }
        Ok(vec![median(&laps)])
    }

    /// Runs a program once that warms up by itself and takes long.
    pub(crate) fn one_lap(self, program: impl FnOnce() -> Lap) -> io::Result<Figures> {
        Ok(vec![per_operation(program()?)])
    }
}

fn per_operation((time, operations): (Duration, u64)) -> f64 {
    time.as_nanos() as f64 / operations as f64
}

/// Returns the median of the values.
///
/// # Panics
///
/// Panics if there are no values.
pub(crate) fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    let upper = values.len() / 2;
    match values.len() % 2 {
        0 => f64::midpoint(values[upper - 1], values[upper]),
        _ => values[upper],
    }
}

/// The measurement of a peer that does not take part in a case.
pub(crate) fn no_such<T>(peer: &str) -> io::Result<T> {
    Err(io::Error::other(format!("no program for {peer}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median(&[3.0]), 3.0);
        assert_eq!(median(&[9.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 2.0, 100.0]), 3.0);
    }

    #[test]
    fn a_lap_is_nanoseconds_for_each_operation() {
        let lap = || Ok((Duration::from_micros(3), 100));
        let quick = Effort { quick: true };
        assert_eq!(quick.laps(lap).unwrap(), [30.0]);
        assert_eq!(quick.one_lap(lap).unwrap(), [30.0]);
    }
}
