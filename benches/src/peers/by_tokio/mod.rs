//! The programs as tasks on tokio's current-thread runtime.

use std::hint::black_box;
use std::io;
use std::sync::Arc;
use std::time::Instant;

use greenpatch_bench_native::Lap;
use tokio::runtime::Builder;
use tokio::sync::{Mutex, mpsc};

pub(crate) mod switch;

/// Runs a program to its end. Neither sockets nor timers are switched on: without them it is faster.
fn on_tokio<F: Future>(program: F) -> F::Output {
    let runtime = Builder::new_current_thread().build();
    runtime
        .expect("without sockets it needs nothing")
        .block_on(program)
}

pub(crate) fn spawn_join(alive: usize, total: usize) -> Lap {
    on_tokio(async {
        let mut handles = Vec::with_capacity(alive);
        let mut sum = 0;
        let start = Instant::now();
        for turn in 0..total / alive {
            for task in 0..alive {
                let number = black_box((turn * alive + task) as u64);
                handles.push(tokio::spawn(async move { number + 1 }));
            }
            for handle in handles.drain(..) {
                sum += handle.await.expect("it does not panic");
            }
        }
        let time = start.elapsed();
        let total = (total / alive * alive) as u64;
        if sum != total * (total + 1) / 2 {
            return Err(io::Error::other("the tasks returned something else"));
        }
        Ok((time, total))
    })
}

pub(crate) fn pingpong(trips: u64) -> Lap {
    on_tokio(async move {
        let (to_pong, mut from_ping) = mpsc::unbounded_channel();
        let (to_ping, mut from_pong) = mpsc::unbounded_channel();
        let pong = tokio::spawn(async move {
            while let Some(number) = from_ping.recv().await {
                to_ping.send(number + 1).expect("ping waits for it");
            }
        });
        let ping = tokio::spawn(async move {
            let mut number = 0_u64;
            let start = Instant::now();
            for _ in 0..trips {
                to_pong.send(number).expect("pong waits for it");
                number = from_pong.recv().await.expect("pong sends it");
            }
            (start.elapsed(), number)
        });
        let (time, number) = ping.await.expect("it does not panic");
        pong.await.expect("it does not panic");
        assert_eq!(number, trips);
        Ok((time, trips))
    })
}

pub(crate) fn mutex(tasks: u64, each: u64) -> Lap {
    on_tokio(async move {
        let number = Arc::new(Mutex::new(0_u64));
        let start = Instant::now();
        let handles: Vec<_> = (0..tasks)
            .map(|_| {
                let number = Arc::clone(&number);
                tokio::spawn(async move {
                    for _ in 0..each {
                        *number.lock().await += 1;
                    }
                })
            })
            .collect();
        for handle in handles {
            handle.await.expect("it does not panic");
        }
        let time = start.elapsed();
        assert_eq!(*number.lock().await, tasks * each);
        Ok((time, tasks * each))
    })
}
