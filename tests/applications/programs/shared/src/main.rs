//! State that many threads share: parking_lot, dashmap, arc-swap and once_cell.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use dashmap::DashMap;
use once_cell::sync::{Lazy, OnceCell};
use parking_lot::{Condvar, Mutex, RwLock};

const THREADS: u64 = 8;

static NAMES: Lazy<Vec<String>> = Lazy::new(|| {
    thread::yield_now();
    (0..10).map(|number| format!("name {number}")).collect()
});
static FIRST: OnceCell<u64> = OnceCell::new();

#[derive(Default)]
struct State {
    sum: Mutex<u64>,
    totals: RwLock<Vec<u64>>,
    counts: DashMap<String, u64>,
    version: ArcSwap<u64>,
}

fn work(state: &State, thread: u64, steps: u64) {
    for step in 0..steps {
        *state.sum.lock() += step;
        *state
            .counts
            .entry(NAMES[(step % 10) as usize].clone())
            .or_default() += 1;
        if step % 10 == 0 {
            state.totals.write().push(thread);
            state.version.rcu(|version| **version + 1);
        } else {
            assert!(state.totals.read().len() < usize::MAX);
        }
    }
    FIRST.get_or_init(|| steps);
}

/// Threads take turns, each of them waiting for its own.
fn turns(rounds: u64) -> Vec<u64> {
    let turn = Arc::new((Mutex::new((0, Vec::new())), Condvar::new()));
    let threads: Vec<_> = (0..THREADS)
        .map(|thread| {
            let turn = turn.clone();
            thread::spawn(move || {
                let (state, changed) = &*turn;
                for round in 0..rounds {
                    let mut state = state.lock();
                    while state.0 != round * THREADS + thread {
                        changed.wait(&mut state);
                    }
                    state.0 += 1;
                    state.1.push(thread);
                    changed.notify_all();
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().expect("no thread panics");
    }
    std::mem::take(&mut turn.0.lock().1)
}

fn main() {
    let measure = std::env::args().nth(1).is_some();
    let steps = if measure { 50_000 } else { 1_000 };
    let state = Arc::new(State::default());
    let start = Instant::now();
    let threads: Vec<_> = (0..THREADS)
        .map(|thread| {
            let state = state.clone();
            thread::spawn(move || work(&state, thread, steps))
        })
        .collect();
    for thread in threads {
        thread.join().expect("no thread panics");
    }
    if measure {
        println!(
            "{:.0} steps/s",
            (THREADS * steps) as f64 / start.elapsed().as_secs_f64()
        );
        return;
    }
    println!(
        "sum {}, totals {}",
        state.sum.lock(),
        state.totals.read().len()
    );
    println!("version {}, first {:?}", state.version.load(), FIRST.get());
    let mut counts: Vec<_> = state
        .counts
        .iter()
        .map(|entry| entry.pair().1.to_owned())
        .collect();
    counts.sort_unstable();
    println!("counts {counts:?}");
    println!("turns {:?}", turns(3));
    let held = state.sum.lock();
    let other = state.clone();
    let tried = thread::spawn(move || other.sum.try_lock_for(Duration::from_millis(10)).is_none());
    println!("a lock that is held: {:?}", tried.join());
    drop(held);
}
