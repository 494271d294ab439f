//! `spawn_join`.

use std::io;

use greenpatch_bench_green as green;
use greenpatch_bench_native as native;

use crate::peers::{bare, by_may, by_tokio};
use crate::scenario::{
    COROSENSEI, Case, Effort, Figures, GREENPATCH, MAY, Peer, STD, Scenario, TOKIO, no_such,
};

const EVERY: &[Peer] = &[GREENPATCH, COROSENSEI, TOKIO, MAY, STD];
const FLAT: &[Peer] = &[GREENPATCH, COROSENSEI, TOKIO];

pub(super) const SCENARIO: Scenario = Scenario {
    name: "spawn_join",
    about: "threads are started, so many at once, and joined",
    metrics: &["ns per thread"],
    baseline: Some(TOKIO),
    cases: &[
        Case::new("1", EVERY, |peer, effort| spawn_join(peer, 1, effort)),
        Case::new("1,000", EVERY, |peer, effort| {
            spawn_join(peer, 1_000, effort)
        }),
        Case::new("10,000", FLAT, |peer, effort| {
            spawn_join(peer, 10_000, effort)
        })
        .large(),
        Case::new("100,000", EVERY, |peer, effort| {
            spawn_join(peer, 100_000, effort)
        })
        .large(),
        Case::new("1,000,000", FLAT, |peer, effort| {
            spawn_join(peer, 1_000_000, effort)
        })
        .large(),
    ],
};

fn spawn_join(peer: &str, alive: usize, effort: Effort) -> io::Result<Figures> {
    let total = alive.max(if effort.quick { 2_000 } else { 10_000 });
    effort.laps(|| match peer {
        GREENPATCH => green::spawn_join::spawn_join(alive, total),
        STD => native::spawn_join::spawn_join(alive, total),
        TOKIO => by_tokio::spawn_join(alive, total),
        MAY => by_may::spawn_join(alive, total),
        COROSENSEI => bare::spawn_join(alive, total),
        _ => no_such(peer),
    })
}
