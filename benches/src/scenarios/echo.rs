//! `echo`.

use std::time::Duration;

use crate::echo::measure;
use crate::scenario::{Case, EPOLL, GREENPATCH, MAY, Peer, STD, Scenario, TOKIO};

/// Peers that are compared most run next to each other.
const EVERY: &[Peer] = &[GREENPATCH, TOKIO, EPOLL, MAY, STD];

/// The speed of a shared machine changes by a third from one second to the next, while two servers differ by less than a
/// tenth. So they alternate quickly and often.
const SHORT: Duration = Duration::from_millis(500);
const OFTEN: usize = 8;
/// Enough for each of 8,000 connections to get several answers.
const LONG: Duration = Duration::from_secs(2);

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
        Case::new("100", EVERY, |peer, effort| {
            measure(peer, 100, SHORT, effort)
        })
        .times(OFTEN),
        Case::new("1,000", EVERY, |peer, effort| {
            measure(peer, 1_000, SHORT, effort)
        })
        .times(OFTEN),
        Case::new("8,000", EVERY, |peer, effort| {
            measure(peer, 8_000, LONG, effort)
        })
        .large(),
    ],
};
