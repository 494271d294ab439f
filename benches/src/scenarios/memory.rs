//! `sleepers`, `spike` and `timers`: the memory of waiting threads, and how much of it is returned.

use std::cell::Cell;
use std::io;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use greenpatch_bench_green as green;
use greenpatch_bench_native as native;

use crate::machine::memory;
use crate::peers::{by_may, by_tokio};
use crate::scenario::{
    Case, Effort, Figures, GREENPATCH, GREENPATCH_64, MAY, Peer, STD, Scenario, TOKIO, no_such,
};

const EVERY: &[Peer] = &[GREENPATCH, GREENPATCH_64, TOKIO, MAY, STD];
const MANY: &[Peer] = &[GREENPATCH, GREENPATCH_64, TOKIO];

pub(super) const SLEEPERS: Scenario = Scenario {
    name: "sleepers",
    about: "so many threads sleep at once, and every one wakes",
    metrics: &[
        "bytes resident each",
        "bytes of page tables each",
        "µs to start each",
    ],
    baseline: Some(TOKIO),
    cases: &[
        Case::new("10,000", EVERY, |peer, _| sleepers(peer, 10_000)).rounds(3),
        Case::new("100,000", MANY, |peer, _| sleepers(peer, 100_000)).large(),
        Case::new("1,000,000", MANY, |peer, _| sleepers(peer, 1_000_000))
            .large()
            .rounds(3),
    ],
};

pub(super) const SPIKE: Scenario = Scenario {
    name: "spike",
    about: "so many threads touch 16 KiB of their stacks and end",
    metrics: &[
        "MiB resident while they live",
        "MiB before",
        "MiB half a second after",
    ],
    baseline: None,
    cases: &[
        Case::new("10,000", &[GREENPATCH], |_, _| spike(10_000)).rounds(3),
        Case::new("100,000", &[GREENPATCH], |_, _| spike(100_000))
            .large()
            .rounds(3),
    ],
};

pub(super) const TIMERS: Scenario = Scenario {
    name: "timers",
    about: "1,000 threads wake each other, each wait having a timer of 10 s, and sleep at times",
    metrics: &["MiB resident before", "MiB after", "wake-ups"],
    baseline: None,
    cases: &[Case::new("1,000", &[GREENPATCH], |_, effort| timers(effort)).rounds(3)],
};

fn sleepers(peer: &str, count: usize) -> io::Result<Figures> {
    // Long enough for the last thread to be started before the first wakes up.
    let time = Duration::from_secs(2) + Duration::from_micros(40) * count as u32;
    let before = (memory("VmRSS")?, memory("VmPTE")?);
    let (sender, receiver) = mpsc::channel();
    let meanwhile = move || {
        let all = (memory("VmRSS")?, memory("VmPTE")?);
        sender.send(all).map_err(io::Error::other)
    };
    let taken = match peer {
        GREENPATCH | GREENPATCH_64 => green::sleepers::sleepers(count, time, meanwhile),
        STD => native::sleepers::sleepers(count, time, meanwhile),
        TOKIO => by_tokio::sleepers(count, time, meanwhile),
        MAY => by_may::sleepers(count, time, meanwhile),
        _ => no_such(peer),
    }?;
    let all = receiver.recv().map_err(io::Error::other)?;
    let each = |before: u64, all: u64| all.saturating_sub(before) as f64 * 1024.0 / count as f64;
    Ok(vec![
        each(before.0, all.0),
        each(before.1, all.1),
        taken.as_secs_f64() * 1e6 / count as f64,
    ])
}

fn spike(count: usize) -> io::Result<Figures> {
    let before = mebibytes()?;
    let peak = Cell::new(0.0);
    green::spike::spike(count, || {
        peak.set(mebibytes()?);
        Ok(())
    })?;
    thread::sleep(Duration::from_millis(500));
    Ok(vec![peak.get(), before, mebibytes()?])
}

fn timers(effort: Effort) -> io::Result<Figures> {
    let (pairs, turns) = (500, if effort.quick { 100 } else { 1_000 });
    // So that the memory of the threads is allocated already.
    green::timers::timers(pairs, 10);
    let before = mebibytes()?;
    let woken = green::timers::timers(pairs, turns);
    Ok(vec![before, mebibytes()?, woken as f64])
}

fn mebibytes() -> io::Result<f64> {
    Ok(memory("VmRSS")? as f64 / 1024.0)
}
