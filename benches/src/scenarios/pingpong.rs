//! `pingpong` and `pingpong_apart`.

use greenpatch_bench_green as green;
use greenpatch_bench_native as native;

use crate::peers::{by_may, by_tokio};
use crate::scenario::{Case, GREENPATCH, MAY, STD, Scenario, TOKIO, no_such};

pub(super) const SCENARIO: Scenario = Scenario {
    name: "pingpong",
    about: "a number goes there and back between two threads, over two channels",
    metrics: &["ns per round trip"],
    baseline: Some(TOKIO),
    cases: &[Case::new(
        "2",
        &[GREENPATCH, TOKIO, MAY, STD],
        |peer, effort| {
            let trips = if effort.quick { 10_000 } else { 50_000 };
            effort.laps(|| match peer {
                GREENPATCH => green::pingpong::pingpong(trips),
                STD => native::pingpong::pingpong(trips),
                TOKIO => by_tokio::pingpong(trips),
                MAY => by_may::pingpong(trips),
                _ => no_such(peer),
            })
        },
    )],
};

pub(super) const APART: Scenario = Scenario {
    name: "pingpong_apart",
    about: "the same, with --workers each thread on a worker of its own",
    metrics: &["ns per round trip"],
    baseline: Some(STD),
    cases: &[Case::new("2", &[GREENPATCH, STD], |peer, effort| {
        let trips = if effort.quick { 10_000 } else { 50_000 };
        effort.laps(|| match peer {
            GREENPATCH => green::apart::pingpong(trips),
            STD => native::pingpong::pingpong(trips),
            _ => no_such(peer),
        })
    })],
};
