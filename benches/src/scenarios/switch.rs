//! `switch` and `switch_deep`.

use std::io;

use greenpatch_bench_green as green;
use greenpatch_bench_native as native;

use crate::peers::{bare, by_may, by_tokio};
use crate::scenario::{
    COROSENSEI, Case, Effort, Figures, GREENPATCH, MAY, Peer, STAGGERED, STD, Scenario, TOKIO,
    no_such,
};

const EVERY: &[Peer] = &[GREENPATCH, COROSENSEI, STAGGERED, TOKIO, MAY, STD];
const FLAT: &[Peer] = &[GREENPATCH, COROSENSEI, STAGGERED, TOKIO];

pub(super) const SHALLOW: Scenario = Scenario {
    name: "switch",
    about: "so many threads do nothing but yield",
    metrics: &["ns per switch"],
    baseline: Some(TOKIO),
    cases: &[
        Case::new("2", EVERY, |peer, effort| shallow(peer, 2, effort)),
        Case::new("1,000", EVERY, |peer, effort| shallow(peer, 1_000, effort)),
        Case::new("10,000", FLAT, |peer, effort| shallow(peer, 10_000, effort)).large(),
        Case::new("100,000", EVERY, |peer, effort| {
            shallow(peer, 100_000, effort)
        })
        .large(),
        Case::new("1,000,000", FLAT, |peer, effort| {
            shallow(peer, 1_000_000, effort)
        })
        .large(),
    ],
};

pub(super) const DEEP: Scenario = Scenario {
    name: "switch_deep",
    about: "the same, the yield being called through three frames that are not inlined",
    metrics: &["ns per switch"],
    baseline: Some(TOKIO),
    cases: &[
        Case::new("2", EVERY, |peer, effort| deep(peer, 2, effort)),
        Case::new("1,000", EVERY, |peer, effort| deep(peer, 1_000, effort)),
    ],
};

fn shallow(peer: &str, threads: usize, effort: Effort) -> io::Result<Figures> {
    let rounds = rounds(threads, effort);
    let program = || match peer {
        GREENPATCH => green::switch::shallow(threads, rounds),
        STD => native::switch::shallow(threads, rounds),
        TOKIO => by_tokio::switch::shallow(threads, rounds),
        MAY => by_may::switch::shallow(threads, rounds),
        COROSENSEI => bare::shallow(threads, rounds, 0),
        STAGGERED => bare::shallow(threads, rounds, 64),
        _ => no_such(peer),
    };
    // With many threads, most of the time is spent to start them.
    match threads {
        ..100_000 => effort.laps(program),
        _ => effort.one_lap(program),
    }
}

fn deep(peer: &str, threads: usize, effort: Effort) -> io::Result<Figures> {
    let rounds = rounds(threads, effort);
    effort.laps(|| match peer {
        GREENPATCH => green::switch::deep(threads, rounds),
        STD => native::switch::deep(threads, rounds),
        TOKIO => by_tokio::switch::deep(threads, rounds),
        MAY => by_may::switch::deep(threads, rounds),
        COROSENSEI => bare::deep(threads, rounds, 0),
        STAGGERED => bare::deep(threads, rounds, 64),
        _ => no_such(peer),
    })
}

/// The number of yields for a million switches in total, and at least eight of each thread.
fn rounds(threads: usize, effort: Effort) -> u64 {
    let switches = if effort.quick { 100_000 } else { 1_000_000 };
    (switches / threads as u64).max(8)
}
