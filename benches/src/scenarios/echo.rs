//! `echo`.

use crate::echo::measure;
use crate::scenario::{Case, EPOLL, GREENPATCH, MAY, Peer, STD, Scenario, TOKIO};

const EVERY: &[Peer] = &[GREENPATCH, EPOLL, TOKIO, MAY, STD];

pub(super) const SCENARIO: Scenario = Scenario {
    name: "echo",
    about: "a server on one core answers 64 bytes on so many connections, each of which asks again at once",
    metrics: &[
        "server CPU per request, µs",
        "requests a second",
        "p50, µs",
        "p99, µs",
        "p99.9, µs",
    ],
    baseline: Some(EPOLL),
    cases: &[
        Case::new("100", EVERY, |peer, effort| measure(peer, 100, effort)).times(2),
        Case::new("1,000", EVERY, |peer, effort| measure(peer, 1_000, effort)).times(2),
        Case::new("8,000", EVERY, |peer, effort| measure(peer, 8_000, effort)).large(),
    ],
};
