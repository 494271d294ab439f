//! The programs as may's coroutines, on one worker.
#![allow(unsafe_code)]

use std::hint::black_box;
use std::io;
use std::sync::Arc;
use std::time::Instant;

use greenpatch_bench_native::Lap;
use may::coroutine::{Builder, JoinHandle};
use may::sync::{Mutex, mpsc};

pub(crate) mod switch;

/// Runs a program to its end, as a coroutine itself: from outside each of its calls would wake a thread.
pub(crate) fn on_may<T: Send + 'static>(program: impl FnOnce() -> T + Send + 'static) -> T {
    may::config().set_workers(1).set_worker_pin(false);
    let program = spawn(program).expect("it is the first coroutine");
    program.join().expect("it does not panic")
}

pub(crate) fn spawn<F, T>(body: F) -> io::Result<JoinHandle<T>>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    // SAFETY: may asks for bodies that use no thread-local of the OS thread across a switch, and fit
    // on their stack; those of this package have no thread-locals and a few shallow frames.
    unsafe { Builder::new().spawn(body) }
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
                        *number.lock().expect("nobody panics") += 1;
                    }
                })
            })
            .collect::<io::Result<Vec<_>>>()?;
        for handle in handles {
            handle.join().expect("it does not panic");
        }
        let time = start.elapsed();
        assert_eq!(*number.lock().expect("nobody panics"), coroutines * each);
        Ok((time, coroutines * each))
    })
}
