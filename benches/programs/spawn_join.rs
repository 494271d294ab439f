//! Threads that live for as long as it takes to add one.

use std::hint::black_box;
use std::io;
use std::thread;
use std::time::Instant;

use super::Lap;

/// Starts `alive` threads, then joins them, until there have been `total`.
pub fn spawn_join(alive: usize, total: usize) -> Lap {
    let mut handles = Vec::with_capacity(alive);
    let mut sum = 0;
    let start = Instant::now();
    for turn in 0..total / alive {
        for thread in 0..alive {
            let number = black_box((turn * alive + thread) as u64);
            handles.push(thread::Builder::new().spawn(move || number + 1)?);
        }
        for handle in handles.drain(..) {
            sum += handle.join().expect("it does not panic");
        }
    }
    let time = start.elapsed();
    let total = (total / alive * alive) as u64;
    if sum != total * (total + 1) / 2 {
        return Err(io::Error::other("the threads returned something else"));
    }
    Ok((time, total))
}
