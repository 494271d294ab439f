//! The programs as coroutines of may, on one worker unless told otherwise.
#![allow(unsafe_code)]

use std::hint::black_box;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use greenpatch_bench_native::{Lap, uneven};
use may::coroutine::{Builder, JoinHandle, sleep};
use may::sync::{Condvar, Mutex, mpsc};

use crate::machine;

pub(crate) mod switch;

/// Runs a program to its end as a coroutine. Outside of one, each of its calls would wake a thread.
pub(crate) fn on_may<T: Send + 'static>(program: impl FnOnce() -> T + Send + 'static) -> T {
    may::config()
        .set_workers(machine::workers())
        .set_worker_pin(false);
    let program = spawn(program).expect("it is the first coroutine");
    program.join().expect("it does not panic")
}

pub(crate) fn spawn<F, T>(body: F) -> io::Result<JoinHandle<T>>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    // SAFETY: may requires bodies that use no thread-local of the OS thread across a switch, and that fit on their stack.
    // The bodies of this package have no thread-locals and a few shallow frames.
    unsafe { Builder::new().spawn(body) }
}

pub(crate) fn uneven(unit: u64) -> Lap {
    on_may(move || {
        let start = Instant::now();
        let coroutines: Vec<_> = (0..uneven::THREADS)
            .map(|number| spawn(move || uneven::compute(unit * uneven::length(number))))
            .collect::<Result<_, _>>()?;
        for coroutine in coroutines {
            coroutine.join().expect("it does not panic");
        }
        Ok((start.elapsed(), uneven::THREADS))
    })
}

pub(crate) fn spawn_join(alive: usize, total: usize) -> Lap {
    on_may(move || {
        let mut handles = Vec::with_capacity(alive);
        let mut sum = 0;
        let start = Instant::now();
        for turn in 0..total / alive {
            for coroutine in 0..alive {
                let number = black_box((turn * alive + coroutine) as u64);
                handles.push(spawn(move || number + 1)?);
            }
            for handle in handles.drain(..) {
                sum += handle.join().expect("it does not panic");
            }
        }
        let time = start.elapsed();
        let total = (total / alive * alive) as u64;
        if sum != total * (total + 1) / 2 {
            return Err(io::Error::other("the coroutines returned something else"));
        }
        Ok((time, total))
    })
}

pub(crate) fn pingpong(trips: u64) -> Lap {
    on_may(move || {
        let (to_pong, from_ping) = mpsc::channel();
        let (to_ping, from_pong) = mpsc::channel();
        let pong = spawn(move || {
            for number in from_ping {
                to_ping.send(number + 1).expect("ping waits for it");
            }
        })?;
        let ping = spawn(move || {
            let mut number = 0_u64;
            let start = Instant::now();
            for _ in 0..trips {
                to_pong.send(number).expect("pong waits for it");
                number = from_pong.recv().expect("pong sends it");
            }
            (start.elapsed(), number)
        })?;
        let (time, number) = ping.join().expect("it does not panic");
        pong.join().expect("it does not panic");
        assert_eq!(number, trips);
        Ok((time, trips))
    })
}

pub(crate) fn mutex(coroutines: u64, each: u64) -> Lap {
    on_may(move || {
        let number = Arc::new(Mutex::new(0_u64));
        let start = Instant::now();
        let handles = (0..coroutines)
            .map(|_| {
                let number = Arc::clone(&number);
                spawn(move || {
                    for _ in 0..each {
                        *number.lock().expect("no thread panics") += 1;
                    }
                })
            })
            .collect::<io::Result<Vec<_>>>()?;
        for handle in handles {
            handle.join().expect("it does not panic");
        }
        let time = start.elapsed();
        assert_eq!(*number.lock().expect("no thread panics"), coroutines * each);
        Ok((time, coroutines * each))
    })
}

pub(crate) fn channel(producers: u64, each: u64) -> Lap {
    on_may(move || {
        let (sender, receiver) = mpsc::channel();
        let start = Instant::now();
        let consumer = spawn(move || {
            let (mut sum, mut count) = (0, 0);
            for number in receiver {
                sum += number;
                count += 1;
            }
            (sum, count)
        })?;
        for _ in 0..producers {
            let sender = sender.clone();
            spawn(move || {
                for number in 0..each {
                    sender.send(number).expect("the consumer waits for more");
                }
            })?;
        }
        drop(sender);
        let (sum, count) = consumer.join().expect("it does not panic");
        let time = start.elapsed();
        if (sum, count) != (producers * (each * (each - 1) / 2), producers * each) {
            return Err(io::Error::other("other numbers came than were sent"));
        }
        Ok((time, count))
    })
}

pub(crate) fn condvar(trips: u64) -> Lap {
    on_may(move || {
        let shared = Arc::new((Mutex::new(0), Condvar::new()));
        let start = Instant::now();
        let players = [0, 1].map(|player| {
            let shared = Arc::clone(&shared);
            spawn(move || play(&shared.0, &shared.1, player, trips))
        });
        for player in players {
            player?.join().expect("it does not panic");
        }
        let time = start.elapsed();
        assert_eq!(*shared.0.lock().expect("no thread panics"), 2 * trips);
        Ok((time, trips))
    })
}

fn play(turn: &Mutex<u64>, changed: &Condvar, player: u64, trips: u64) {
    for _ in 0..trips {
        let mut turn = turn.lock().expect("no thread panics");
        while *turn % 2 != player {
            turn = changed.wait(turn).expect("no thread panics");
        }
        *turn += 1;
        drop(turn);
        changed.notify_one();
    }
}

pub(crate) fn sleepers(
    count: usize,
    time: Duration,
    meanwhile: impl FnOnce() -> io::Result<()> + Send + 'static,
) -> io::Result<Duration> {
    on_may(move || {
        let asleep = Arc::new(AtomicUsize::new(0));
        let awake = Arc::new(AtomicUsize::new(0));
        let mut handles = Vec::with_capacity(count);
        let start = Instant::now();
        for _ in 0..count {
            let (asleep, awake) = (Arc::clone(&asleep), Arc::clone(&awake));
            handles.push(spawn(move || {
                asleep.fetch_add(1, Ordering::Relaxed);
                sleep(time);
                awake.fetch_add(1, Ordering::Relaxed);
            })?);
        }
        while asleep.load(Ordering::Relaxed) < count {
            sleep(Duration::from_millis(1));
        }
        let taken = start.elapsed();
        meanwhile()?;
        if awake.load(Ordering::Relaxed) != 0 {
            return Err(io::Error::other("the first woke before the last slept"));
        }
        for handle in handles {
            handle.join().expect("it does not panic");
        }
        match awake.load(Ordering::Relaxed) == count {
            true => Ok(taken),
            false => Err(io::Error::other("not all have woken")),
        }
    })
}
