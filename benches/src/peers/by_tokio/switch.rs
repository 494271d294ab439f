//! Tasks that do nothing but let each other run; see `programs/switch.rs`.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

use greenpatch_bench_native::Lap;
use tokio::sync::Barrier;
use tokio::task::yield_now;

use super::on_tokio;

const WARM: u8 = 0;
const COUNTED: u8 = 1;
const OVER: u8 = 2;

struct Race {
    start: Barrier,
    phase: AtomicU8,
}

pub(crate) fn shallow(tasks: usize, rounds: u64) -> Lap {
    on_tokio(race(tasks, rounds, yield_now))
}

pub(crate) fn deep(tasks: usize, rounds: u64) -> Lap {
    on_tokio(race(tasks, rounds, async || {
        black_box(outer(black_box(1)).await);
    }))
}

async fn race<Y, F>(tasks: usize, rounds: u64, give_way: Y) -> Lap
where
    Y: Fn() -> F + Copy + Send + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    let race = Arc::new(Race {
        start: Barrier::new(tasks),
        phase: AtomicU8::new(WARM),
    });
    let leader = tokio::spawn(lead(Arc::clone(&race), rounds, give_way));
    let followers: Vec<_> = (1..tasks)
        .map(|_| tokio::spawn(follow(Arc::clone(&race), give_way)))
        .collect();
    let time = leader.await.expect("it does not panic");
    let mut yields = rounds;
    for task in followers {
        yields += task.await.expect("it does not panic");
    }
    Ok((time, yields))
}

async fn lead<F: Future>(race: Arc<Race>, rounds: u64, give_way: impl Fn() -> F) -> Duration {
    race.start.wait().await;
    for _ in 0..rounds / 4 + 1 {
        give_way().await;
    }
    race.phase.store(COUNTED, Ordering::Relaxed);
    let start = Instant::now();
    for _ in 0..rounds {
        give_way().await;
    }
    let time = start.elapsed();
    race.phase.store(OVER, Ordering::Relaxed);
    time
}

async fn follow<F: Future>(race: Arc<Race>, give_way: impl Fn() -> F) -> u64 {
    race.start.wait().await;
    while race.phase.load(Ordering::Relaxed) == WARM {
        give_way().await;
    }
    let mut yields = 0;
    while race.phase.load(Ordering::Relaxed) == COUNTED {
        yields += 1;
        give_way().await;
    }
    yields
}

// An async function has no frame that stays while it waits; these are the states instead of one.
async fn outer(number: u64) -> u64 {
    middle(black_box(number)).await + 1
}

async fn middle(number: u64) -> u64 {
    inner(black_box(number)).await ^ 2
}

async fn inner(number: u64) -> u64 {
    yield_now().await;
    black_box(number) + 3
}
