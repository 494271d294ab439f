//! `condvar`.

use greenpatch_bench_green as green;
use greenpatch_bench_native as native;

use crate::peers::{by_may, by_tokio};
use crate::scenario::{Case, GREENPATCH, MAY, STD, Scenario, TOKIO, no_such};

pub(super) const SCENARIO: Scenario = Scenario {
    name: "condvar",
    about: "two threads hand a turn to each other, through a lock and a condition",
    metrics: &["ns per round trip"],
    baseline: Some(TOKIO),
    cases: &[Case::new(
        "2",
        &[GREENPATCH, TOKIO, MAY, STD],
        |peer, effort| {
            let trips = if effort.quick { 10_000 } else { 50_000 };
            effort.laps(|| match peer {
                GREENPATCH => green::condvar::condvar(trips),
                STD => native::condvar::condvar(trips),
                TOKIO => by_tokio::condvar(trips),
                MAY => by_may::condvar(trips),
                _ => no_such(peer),
            })
        },
    )],
};
