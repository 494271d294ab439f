//! Coroutines that only yield to each other; see `programs/switch.rs`.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use greenpatch_bench_native::Lap;
use greenpatch_bench_native::switch::{Phase, Turns, add};
use may::coroutine::yield_now;
use may::sync::Barrier;

use super::{on_may, spawn};

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
    let shared = Arc::new((Barrier::new(coroutines), Phase::default()));
    let all = (0..coroutines)
        .map(|number| {
            let shared = Arc::clone(&shared);
            spawn(move || {
                let (start, phase) = &*shared;
                start.wait();
                let mut turns = Turns::new(phase, (number == 0).then_some(rounds));
                while turns.go_on() {
                    give_way();
                }
                turns.counted()
            })
        })
        .collect::<std::io::Result<Vec<_>>>()?;
    let counted = all
        .into_iter()
        .map(|coroutine| coroutine.join().expect("it does not panic"));
    Ok(counted.fold((Duration::ZERO, 0), add))
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
