//! Coroutines that do nothing but let each other run; see `programs/switch.rs`.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

use greenpatch_bench_native::Lap;
use may::coroutine::yield_now;
use may::sync::Barrier;

use super::{on_may, spawn};

const WARM: u8 = 0;
const COUNTED: u8 = 1;
const OVER: u8 = 2;

struct Race {
    start: Barrier,
    phase: AtomicU8,
}

pub(crate) fn shallow(coroutines: usize, rounds: u64) -> Lap {
    on_may(move || race(coroutines, rounds, yield_now))
}

pub(crate) fn deep(coroutines: usize, rounds: u64) -> Lap {
    on_may(move || {
        race(coroutines, rounds, || {
            black_box(outer(black_box(1)));
        })
    })
}

fn race<Y>(coroutines: usize, rounds: u64, give_way: Y) -> Lap
where
    Y: Fn() + Copy + Send + 'static,
{
    let race = Arc::new(Race {
        start: Barrier::new(coroutines),
        phase: AtomicU8::new(WARM),
    });
    let leader = spawn({
        let race = Arc::clone(&race);
        move || lead(&race, rounds, give_way)
    })?;
    let followers = (1..coroutines)
        .map(|_| {
            let race = Arc::clone(&race);
            spawn(move || follow(&race, give_way))
        })
        .collect::<std::io::Result<Vec<_>>>()?;
    let time = leader.join().expect("it does not panic");
    let yields: u64 = followers
        .into_iter()
        .map(|coroutine| coroutine.join().expect("it does not panic"))
        .sum();
    Ok((time, yields + rounds))
}

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
    yield_now();
    black_box(number) + 3
}
