//! Many threads for a moment.

use std::hint::black_box;
use std::io;
use std::sync::{Arc, Barrier};
use std::thread;

/// How much of its stack each thread touches.
const TOUCHED: usize = 16 << 10;

/// Starts `count` threads, calls `meanwhile` once each has touched its stack, and joins them.
pub fn spike(count: usize, meanwhile: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
    let barrier = Arc::new(Barrier::new(count + 1));
    let handles = (0..count)
        .map(|_| {
            let barrier = Arc::clone(&barrier);
            thread::Builder::new().spawn(move || {
                black_box([1_u8; TOUCHED]);
                // Until all have done so, and until it has been looked at.
                barrier.wait();
                barrier.wait();
            })
        })
        .collect::<io::Result<Vec<_>>>()?;
    barrier.wait();
    meanwhile()?;
    barrier.wait();
    for handle in handles {
        handle.join().expect("it does not panic");
    }
    Ok(())
}
