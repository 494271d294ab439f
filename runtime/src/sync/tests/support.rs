//! A parker that wakes up spuriously, and a watchdog.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Waker;
use std::thread;
use std::time::{Duration, Instant};

use crate::wait::park::Park;

/// A parker that always wakes up spuriously.
pub(super) struct Restless;

impl Park for Restless {
    fn waker(&self) -> Waker {
        Waker::noop().clone()
    }

    fn park(&self, _deadline: Option<Instant>) {
        thread::yield_now();
    }
}

/// Aborts the process if a test hangs.
pub(super) struct Watchdog(Arc<AtomicBool>);

impl Watchdog {
    pub(super) fn new() -> Watchdog {
        let done = Arc::new(AtomicBool::new(false));
        let watched = done.clone();
        thread::spawn(move || {
            let start = Instant::now();
            while !watched.load(Ordering::Relaxed) {
                if start.elapsed() > Duration::from_secs(60) {
                    eprintln!("watchdog: a test of the parking lot hangs");
                    std::process::abort();
                }
                thread::sleep(Duration::from_millis(100));
            }
        });
        Watchdog(done)
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
