//! Threads that do nothing but let each other run.

use std::hint::black_box;
use std::io;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

use super::Lap;

/// Nothing is counted yet.
const WARM: u8 = 0;
/// Each call of `yield_now` counts.
const COUNTED: u8 = 1;
/// All go home.
const OVER: u8 = 2;

struct Race {
    start: Barrier,
    phase: AtomicU8,
}

/// `threads` of them yield; one of them, `rounds` times while it counts.
pub fn shallow(threads: usize, rounds: u64) -> Lap {
    race(threads, rounds, thread::yield_now)
}

/// The same, called through three frames that have something left to do.
pub fn deep(threads: usize, rounds: u64) -> Lap {
    race(threads, rounds, || {
        black_box(outer(black_box(1)));
    })
}

fn race<Y>(threads: usize, rounds: u64, give_way: Y) -> Lap
where
    Y: Fn() + Copy + Send + 'static,
{
    let race = Arc::new(Race {
        start: Barrier::new(threads),
        phase: AtomicU8::new(WARM),
    });
    let leader = thread::Builder::new().spawn({
        let race = Arc::clone(&race);
        move || lead(&race, rounds, give_way)
    })?;
    let followers = (1..threads)
        .map(|_| {
            let race = Arc::clone(&race);
            thread::Builder::new().spawn(move || follow(&race, give_way))
        })
        .collect::<io::Result<Vec<_>>>()?;
    let time = leader.join().expect("it does not panic");
    let yields: u64 = followers
        .into_iter()
        .map(|thread| thread.join().expect("it does not panic"))
        .sum();
    Ok((time, yields + rounds))
}

/// Says what counts, by the clock of its own turns.
fn lead(race: &Race, rounds: u64, give_way: impl Fn()) -> Duration {
    race.start.wait();
    for _ in 0..rounds / 4 + 1 {
        give_way();
    }
    race.phase.store(COUNTED, Ordering::Relaxed);
    let start = Instant::now();
    for _ in 0..rounds {
        give_way();
    }
    let time = start.elapsed();
    race.phase.store(OVER, Ordering::Relaxed);
    time
}

fn follow(race: &Race, give_way: impl Fn()) -> u64 {
    race.start.wait();
    while race.phase.load(Ordering::Relaxed) == WARM {
        give_way();
    }
    let mut yields = 0;
    while race.phase.load(Ordering::Relaxed) == COUNTED {
        yields += 1;
        give_way();
    }
    yields
}

#[inline(never)]
fn outer(number: u64) -> u64 {
    middle(black_box(number)) + 1
}

#[inline(never)]
fn middle(number: u64) -> u64 {
    inner(black_box(number)) ^ 2
}

#[inline(never)]
fn inner(number: u64) -> u64 {
    thread::yield_now();
    black_box(number) + 3
}
