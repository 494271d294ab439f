//! A lock around a number.

use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Instant;

use super::Lap;

/// `threads` add to one number, `each` times each.
pub fn mutex(threads: u64, each: u64) -> Lap {
    let number = Arc::new(Mutex::new(0_u64));
    let start = Instant::now();
    let handles: Vec<_> = (0..threads)
        .map(|_| {
            let number = Arc::clone(&number);
            thread::spawn(move || {
                for _ in 0..each {
                    *number.lock().expect("no thread panics") += 1;
                }
            })
        })
        .collect();
    for handle in handles {
        handle.join().expect("it does not panic");
    }
    let time = start.elapsed();
    assert_eq!(*number.lock().expect("no thread panics"), threads * each);
    Ok((time, threads * each))
}
