//! `mutex`.

use std::io;

use greenpatch_bench_green as green;
use greenpatch_bench_native as native;

use crate::peers::{by_may, by_tokio};
use crate::scenario::{
    Case, Effort, Figures, GREENPATCH, MAY, Peer, STD, Scenario, TOKIO, no_such,
};

const EVERY: &[Peer] = &[GREENPATCH, TOKIO, MAY, STD];

pub(super) const SCENARIO: Scenario = Scenario {
    name: "mutex",
    about: "so many threads add one under a lock",
    metrics: &["ns per addition"],
    baseline: Some(STD),
    cases: &[
        Case::new("1", EVERY, |peer, effort| mutex(peer, 1, effort)),
        Case::new("8", EVERY, |peer, effort| mutex(peer, 8, effort)),
    ],
};

fn mutex(peer: &str, threads: u64, effort: Effort) -> io::Result<Figures> {
    let each = if effort.quick { 100_000 } else { 2_000_000 } / threads;
    effort.laps(|| match peer {
        GREENPATCH => green::mutex::mutex(threads, each),
        STD => native::mutex::mutex(threads, each),
        TOKIO => by_tokio::mutex(threads, each),
        MAY => by_may::mutex(threads, each),
        _ => no_such(peer),
    })
}
