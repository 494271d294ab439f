//! `held`.

use std::io;
use std::time::Duration;

use greenpatch_bench_green as green;
use greenpatch_bench_native as native;

use crate::peers::by_tokio;
use crate::scenario::{Case, Figures, GREENPATCH, STD, Scenario, TOKIO, no_such};

/// Peers whose threads are OS threads, or that have several of them under `--workers`.
const PEERS: &[&str] = &[GREENPATCH, TOKIO, STD];

pub(super) const SCENARIO: Scenario = Scenario {
    name: "held",
    about: "how late others run while a thread computes, 20 ms of 25",
    metrics: &["p50, µs", "p99, µs", "latest, µs"],
    baseline: Some(STD),
    cases: &[
        Case::new("new threads", PEERS, |peer, effort| {
            let bursts = if effort.quick { 2 } else { 40 };
            figures(match peer {
                GREENPATCH => green::held::new_threads(bursts),
                STD => native::held::new_threads(bursts),
                TOKIO => by_tokio::held::new_threads(bursts),
                _ => return no_such(peer),
            })
        }),
        Case::new("16 sleepers", PEERS, |peer, effort| {
            let bursts = if effort.quick { 2 } else { 40 };
            figures(match peer {
                GREENPATCH => green::held::sleepers(bursts),
                STD => native::held::sleepers(bursts),
                TOKIO => by_tokio::held::sleepers(bursts),
                _ => return no_such(peer),
            })
        }),
    ],
};

/// Returns quantiles of the delays, in microseconds.
fn figures(mut delays: Vec<Duration>) -> io::Result<Figures> {
    delays.sort_unstable();
    let last = delays.len().checked_sub(1);
    let last = last.ok_or_else(|| io::Error::other("nothing was measured"))?;
    let at = |share: f64| delays[(last as f64 * share) as usize].as_nanos() as f64 / 1e3;
    Ok(vec![at(0.5), at(0.99), at(1.0)])
}
