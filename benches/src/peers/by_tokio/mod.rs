//! The programs as tasks on the current-thread runtime of tokio, or on the other one where there are workers.

use std::hint::black_box;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use greenpatch_bench_native::{Lap, uneven};
use tokio::runtime::Builder;
use tokio::sync::{Mutex, Notify, mpsc};
use tokio::time::sleep;

use crate::machine;

pub(crate) mod held;
pub(crate) mod switch;

/// Runs a program to its end. Sockets and timers are disabled, which is faster.
fn on_tokio<F: Future>(program: F) -> F::Output {
    let runtime = match machine::workers() {
        1 => Builder::new_current_thread().build(),
        workers => Builder::new_multi_thread().worker_threads(workers).build(),
    };
    runtime
        .expect("without sockets it needs nothing")
        .block_on(program)
}

/// Runs a program as a task, which is faster than spawning and waiting from outside.
pub(crate) fn spawn_join(alive: usize, total: usize) -> Lap {
    on_tokio(async move {
        let program = tokio::spawn(starts(alive, total));
        program.await.expect("it does not panic")
    })
}

async fn starts(alive: usize, total: usize) -> Lap {
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

pub(crate) fn channel(producers: u64, each: u64) -> Lap {
    on_tokio(async move {
        let (sender, mut receiver) = mpsc::unbounded_channel();
        let start = Instant::now();
        let consumer = tokio::spawn(async move {
            let (mut sum, mut count) = (0, 0);
            while let Some(number) = receiver.recv().await {
                sum += number;
                count += 1;
            }
            (sum, count)
        });
        for _ in 0..producers {
            let sender = sender.clone();
            tokio::spawn(async move {
                for number in 0..each {
                    sender.send(number).expect("the consumer waits for more");
                }
            });
        }
        drop(sender);
        let received = consumer.await.expect("it does not panic");
        checked(start, producers, each, received)
    })
}

pub(crate) fn sync_channel(producers: u64, each: u64, bound: usize) -> Lap {
    on_tokio(async move {
        let (sender, mut receiver) = mpsc::channel(bound);
        let start = Instant::now();
        let consumer = tokio::spawn(async move {
            let (mut sum, mut count) = (0, 0);
            while let Some(number) = receiver.recv().await {
                sum += number;
                count += 1;
            }
            (sum, count)
        });
        for _ in 0..producers {
            let sender = sender.clone();
            tokio::spawn(async move {
                for number in 0..each {
                    let sent = sender.send(number).await;
                    sent.expect("the consumer waits for more");
                }
            });
        }
        drop(sender);
        let received = consumer.await.expect("it does not panic");
        checked(start, producers, each, received)
    })
}

fn checked(start: Instant, producers: u64, each: u64, (sum, count): (u64, u64)) -> Lap {
    let time = start.elapsed();
    if (sum, count) != (producers * (each * (each - 1) / 2), producers * each) {
        return Err(io::Error::other("other numbers came than were sent"));
    }
    Ok((time, count))
}

/// tokio has no condition variable, so each task has a signal instead.
pub(crate) fn condvar(trips: u64) -> Lap {
    on_tokio(async move {
        let turn = Arc::new(std::sync::Mutex::new(0));
        let bells = Arc::new([Notify::new(), Notify::new()]);
        let start = Instant::now();
        let players = [0, 1].map(|player| {
            let (turn, bells) = (Arc::clone(&turn), Arc::clone(&bells));
            tokio::spawn(async move {
                for _ in 0..trips {
                    while *turn.lock().expect("no thread panics") % 2 != player {
                        bells[player as usize].notified().await;
                    }
                    *turn.lock().expect("no thread panics") += 1;
                    bells[1 - player as usize].notify_one();
                }
            })
        });
        for player in players {
            player.await.expect("it does not panic");
        }
        let time = start.elapsed();
        assert_eq!(*turn.lock().expect("no thread panics"), 2 * trips);
        Ok((time, trips))
    })
}

pub(crate) fn uneven(unit: u64) -> Lap {
    on_tokio(async move {
        let start = Instant::now();
        let tasks: Vec<_> = (0..uneven::THREADS)
            .map(|number| {
                tokio::spawn(async move { uneven::compute(unit * uneven::length(number)) })
            })
            .collect();
        for task in tasks {
            task.await.expect("it does not panic");
        }
        Ok((start.elapsed(), uneven::THREADS))
    })
}

pub(crate) fn sleepers(
    count: usize,
    time: Duration,
    meanwhile: impl FnOnce() -> io::Result<()>,
) -> io::Result<Duration> {
    let runtime = Builder::new_current_thread().enable_time().build()?;
    runtime.block_on(async {
        let asleep = Arc::new(AtomicUsize::new(0));
        let awake = Arc::new(AtomicUsize::new(0));
        let mut handles = Vec::with_capacity(count);
        let start = Instant::now();
        for _ in 0..count {
            let (asleep, awake) = (Arc::clone(&asleep), Arc::clone(&awake));
            handles.push(tokio::spawn(async move {
                asleep.fetch_add(1, Ordering::Relaxed);
                sleep(time).await;
                awake.fetch_add(1, Ordering::Relaxed);
            }));
        }
        while asleep.load(Ordering::Relaxed) < count {
            sleep(Duration::from_millis(1)).await;
        }
        let taken = start.elapsed();
        meanwhile()?;
        if awake.load(Ordering::Relaxed) != 0 {
            return Err(io::Error::other("the first woke before the last slept"));
        }
        for handle in handles {
            handle.await.expect("it does not panic");
        }
        match awake.load(Ordering::Relaxed) == count {
            true => Ok(taken),
            false => Err(io::Error::other("not all have woken")),
        }
    })
}
