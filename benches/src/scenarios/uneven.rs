//! `uneven`.

use greenpatch_bench_green as green;
use greenpatch_bench_native as native;

use crate::peers::{by_may, by_tokio};
use crate::scenario::{Case, GREENPATCH, MAY, STD, Scenario, TOKIO, no_such};

pub(super) const SCENARIO: Scenario = Scenario {
    name: "uneven",
    about: "64 threads compute, every eighth of them 40 times as long as the others",
    metrics: &["ns per thread"],
    baseline: Some(STD),
    cases: &[Case::new(
        "64",
        &[GREENPATCH, TOKIO, MAY, STD],
        |peer, effort| {
            let unit = if effort.quick { 2_000 } else { 200_000 };
            effort.laps(|| match peer {
                GREENPATCH => green::uneven::uneven(unit),
                STD => native::uneven::uneven(unit),
                TOKIO => by_tokio::uneven(unit),
                MAY => by_may::uneven(unit),
                _ => no_such(peer),
            })
        },
    )],
};
