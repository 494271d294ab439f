//! The programs of `held` as tasks. Timers of tokio count milliseconds, so a task that sleeps wakes up to one later.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use greenpatch_bench_native::held::{NAP, PAUSE, SLEEPERS, burst};
use tokio::runtime::Builder;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::machine;

/// Runs a program as a task, on a runtime with timers.
fn with_timers<F>(program: F) -> F::Output
where
    F: Future<Output: Send> + Send + 'static,
{
    let runtime = match machine::workers() {
        1 => Builder::new_current_thread().enable_time().build(),
        workers => Builder::new_multi_thread()
            .worker_threads(workers)
            .enable_time()
            .build(),
    };
    let runtime = runtime.expect("without sockets it needs nothing");
    runtime.block_on(async { tokio::spawn(program).await.expect("it does not panic") })
}

pub(crate) fn new_threads(bursts: u32) -> Vec<Duration> {
    with_timers(async move {
        let (computing, is_done) = computing(bursts);
        let mut delays = Vec::new();
        while !is_done.load(Ordering::Relaxed) {
            let spawned = Instant::now();
            let new = tokio::spawn(async move { spawned.elapsed() });
            delays.push(new.await.expect("it does not panic"));
            sleep(NAP).await;
        }
        computing.await.expect("it does not panic");
        delays
    })
}

pub(crate) fn sleepers(bursts: u32) -> Vec<Duration> {
    with_timers(async move {
        let (computing, is_done) = computing(bursts);
        let sleepers: Vec<_> = (0..SLEEPERS)
            .map(|_| {
                let is_done = Arc::clone(&is_done);
                tokio::spawn(async move {
                    let mut delays = Vec::new();
                    while !is_done.load(Ordering::Relaxed) {
                        let begin = Instant::now();
                        sleep(NAP).await;
                        delays.push(begin.elapsed().saturating_sub(NAP));
                    }
                    delays
                })
            })
            .collect();
        computing.await.expect("it does not panic");
        let mut all = Vec::new();
        for sleeper in sleepers {
            all.extend(sleeper.await.expect("it does not panic"));
        }
        all
    })
}

fn computing(bursts: u32) -> (JoinHandle<()>, Arc<AtomicBool>) {
    let is_done = Arc::new(AtomicBool::new(false));
    let done = Arc::clone(&is_done);
    let computing = tokio::spawn(async move {
        for _ in 0..bursts {
            burst();
            sleep(PAUSE).await;
        }
        done.store(true, Ordering::Relaxed);
    });
    (computing, is_done)
}
