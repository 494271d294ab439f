//! A thread that computes, and how late others run meanwhile.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::uneven;

/// For how long the thread computes without a pause.
pub const BURST: Duration = Duration::from_millis(20);
/// For how long it sleeps after that.
pub const PAUSE: Duration = Duration::from_millis(5);
/// For how long the others sleep each time.
pub const NAP: Duration = Duration::from_millis(1);
/// The number of threads that sleep.
pub const SLEEPERS: usize = 16;

/// Returns how late new threads began, one every millisecond, while another one computed `bursts` times.
pub fn new_threads(bursts: u32) -> Vec<Duration> {
    thread::spawn(move || {
        let (computing, is_done) = computing(bursts);
        let mut delays = Vec::new();
        while !is_done.load(Ordering::Relaxed) {
            let spawned = Instant::now();
            let new = thread::spawn(move || spawned.elapsed());
            delays.push(new.join().expect("it does not panic"));
            thread::sleep(NAP);
        }
        computing.join().expect("it does not panic");
        delays
    })
    .join()
    .expect("it does not panic")
}

/// Returns how late threads woke that sleep a millisecond again and again, while another one computed `bursts` times.
pub fn sleepers(bursts: u32) -> Vec<Duration> {
    thread::spawn(move || {
        let (computing, is_done) = computing(bursts);
        let sleepers: Vec<_> = (0..SLEEPERS)
            .map(|_| {
                let is_done = Arc::clone(&is_done);
                thread::spawn(move || {
                    let mut delays = Vec::new();
                    while !is_done.load(Ordering::Relaxed) {
                        let begin = Instant::now();
                        thread::sleep(NAP);
                        delays.push(begin.elapsed().saturating_sub(NAP));
                    }
                    delays
                })
            })
            .collect();
        computing.join().expect("it does not panic");
        let delays = sleepers
            .into_iter()
            .map(|sleeper| sleeper.join().expect("it does not panic"));
        delays.flatten().collect()
    })
    .join()
    .expect("it does not panic")
}

/// Starts the thread that computes. The flag says whether it has ended.
fn computing(bursts: u32) -> (thread::JoinHandle<()>, Arc<AtomicBool>) {
    let is_done = Arc::new(AtomicBool::new(false));
    let done = Arc::clone(&is_done);
    let computing = thread::spawn(move || {
        for _ in 0..bursts {
            burst();
            thread::sleep(PAUSE);
        }
        done.store(true, Ordering::Relaxed);
    });
    (computing, is_done)
}

/// Computes for [`BURST`].
pub fn burst() {
    let begin = Instant::now();
    while begin.elapsed() < BURST {
        uneven::compute(10_000);
    }
}
