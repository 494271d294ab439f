//! Threads that sleep, all at once.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Starts `count` threads that sleep for `time`, and calls `meanwhile` once all of them do. Returns how long it took
/// to get so far.
///
/// # Errors
///
/// When a thread cannot be started, when the first wakes before the last sleeps, or when one does not wake.
pub fn sleepers(
    count: usize,
    time: Duration,
    meanwhile: impl FnOnce() -> io::Result<()>,
) -> io::Result<Duration> {
    let asleep = Arc::new(AtomicUsize::new(0));
    let awake = Arc::new(AtomicUsize::new(0));
    let mut handles = Vec::with_capacity(count);
    let start = Instant::now();
    for _ in 0..count {
        let (asleep, awake) = (Arc::clone(&asleep), Arc::clone(&awake));
        handles.push(thread::Builder::new().spawn(move || {
            asleep.fetch_add(1, Ordering::Relaxed);
            thread::sleep(time);
            awake.fetch_add(1, Ordering::Relaxed);
        })?);
    }
    while asleep.load(Ordering::Relaxed) < count {
        thread::sleep(Duration::from_millis(1));
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
}
