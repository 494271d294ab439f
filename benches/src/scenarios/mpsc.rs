//! `mpsc`.

use std::io;

use greenpatch_bench_green as green;
use greenpatch_bench_native as native;

use crate::peers::{by_may, by_tokio};
use crate::scenario::{
    Case, Effort, Figures, GREENPATCH, MAY, Peer, STD, Scenario, TOKIO, no_such,
};

const BOUND: usize = 128;

/// may has no bounded channel.
const BOUNDED: &[Peer] = &[GREENPATCH, TOKIO, STD];
const UNBOUNDED: &[Peer] = &[GREENPATCH, TOKIO, MAY, STD];

pub(super) const SCENARIO: Scenario = Scenario {
    name: "mpsc",
    about: "so many producers send numbers to one consumer",
    metrics: &["ns per message"],
    baseline: Some(TOKIO),
    cases: &[
        Case::new("1, channel", UNBOUNDED, |peer, effort| {
            channel(peer, 1, effort)
        }),
        Case::new("4, channel", UNBOUNDED, |peer, effort| {
            channel(peer, 4, effort)
        }),
        Case::new("1, sync_channel(128)", BOUNDED, |peer, effort| {
            sync_channel(peer, 1, effort)
        }),
        Case::new("4, sync_channel(128)", BOUNDED, |peer, effort| {
            sync_channel(peer, 4, effort)
        }),
    ],
};

fn channel(peer: &str, producers: u64, effort: Effort) -> io::Result<Figures> {
    let each = each(producers, effort);
    effort.laps(|| match peer {
        GREENPATCH => green::mpsc::channel(producers, each),
        STD => native::mpsc::channel(producers, each),
        TOKIO => by_tokio::channel(producers, each),
        MAY => by_may::channel(producers, each),
        _ => no_such(peer),
    })
}

fn sync_channel(peer: &str, producers: u64, effort: Effort) -> io::Result<Figures> {
    let each = each(producers, effort);
    effort.laps(|| match peer {
        GREENPATCH => green::mpsc::sync_channel(producers, each, BOUND),
        STD => native::mpsc::sync_channel(producers, each, BOUND),
        TOKIO => by_tokio::sync_channel(producers, each, BOUND),
        _ => no_such(peer),
    })
}

fn each(producers: u64, effort: Effort) -> u64 {
    let messages = if effort.quick { 40_000 } else { 400_000 };
    messages / producers
}
