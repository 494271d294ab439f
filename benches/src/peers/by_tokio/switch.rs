//! Tasks that only yield to each other; see `programs/switch.rs`.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use greenpatch_bench_native::Lap;
use greenpatch_bench_native::switch::{Phase, Turns, add};
use tokio::sync::Barrier;
use tokio::task::yield_now;

use super::on_tokio;

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
    let shared = Arc::new((Barrier::new(tasks), Phase::default()));
    let all: Vec<_> = (0..tasks)
        .map(|number| {
            let shared = Arc::clone(&shared);
            tokio::spawn(async move {
                let (start, phase) = &*shared;
                start.wait().await;
                let mut turns = Turns::new(phase, (number == 0).then_some(rounds));
                while turns.go_on() {
                    give_way().await;
                }
                turns.counted()
            })
        })
        .collect();
    let mut counted = (Duration::ZERO, 0);
    for task in all {
        counted = add(counted, task.await.expect("it does not panic"));
    }
    Ok(counted)
}

// An async function has no frame while it waits; these states replace it.
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
