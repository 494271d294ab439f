//! Threads that compute, some of them for long.

use std::hint::black_box;
use std::thread;
use std::time::Instant;

use super::Lap;

/// The number of threads.
pub const THREADS: u64 = 64;

/// Every eighth thread computes 40 times as long as the others. An operation is a thread.
pub fn uneven(unit: u64) -> Lap {
    let start = Instant::now();
    let handles: Vec<_> = (0..THREADS)
        .map(|number| thread::spawn(move || compute(unit * length(number))))
        .collect();
    for handle in handles {
        handle.join().expect("it does not panic");
    }
    Ok((start.elapsed(), THREADS))
}

/// Returns for how many units a thread computes.
pub fn length(number: u64) -> u64 {
    if number.is_multiple_of(8) { 40 } else { 1 }
}

/// Computes for some time.
pub fn compute(steps: u64) -> u64 {
    (0..steps).fold(1, |value: u64, step| {
        black_box(value.rotate_left(5) ^ step).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    })
}
