//! Shared helpers of the integration tests.

mod isolated;

pub use isolated::{isolated, isolated_with};

use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use std::{process, thread};

/// Ends the process with a message unless what is returned is dropped in time.
#[must_use = "the dog is called off when this is dropped"]
#[track_caller]
pub fn watchdog(limit: Duration) -> Watchdog {
    let (alive, watched) = mpsc::channel::<()>();
    let location = std::panic::Location::caller();
    let name = thread::current().name().unwrap_or("?").to_owned();
    let (ready, starts) = mpsc::channel::<()>();
    thread::spawn(move || {
        // Once, so that the thread has all the memory that it will have before anybody measures that.
        let _ = watched.recv_timeout(Duration::ZERO);
        drop(ready);
        if let Err(RecvTimeoutError::Timeout) = watched.recv_timeout(limit) {
            eprintln!("watchdog: {name} ({location}) still runs after {limit:?}");
            process::abort();
        }
    });
    let _ = starts.recv();
    Watchdog { _alive: alive }
}

/// Calls the watchdog off when dropped.
#[derive(Debug)]
pub struct Watchdog {
    _alive: Sender<()>,
}

/// Numbers that look random, from a seed that is printed, so that a failure can be run again with
/// `GREENPATCH_TEST_SEED`.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// Seeds from the environment, or from the clock, and prints the seed.
    pub fn new() -> Random {
        let given = std::env::var("GREENPATCH_TEST_SEED");
        let seed = given.ok().and_then(|seed| seed.parse().ok());
        let seed = seed.unwrap_or_else(|| {
            let now = SystemTime::now().duration_since(UNIX_EPOCH);
            now.map_or(1, |now| now.as_nanos() as u64)
        });
        println!("GREENPATCH_TEST_SEED={seed}");
        Random::seeded(seed)
    }

    /// Seeds from a number.
    pub fn seeded(seed: u64) -> Random {
        Random(seed | 1)
    }

    /// The next number (xorshift, multiplied).
    pub fn draw(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// The next number below `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        (self.draw() >> 16) % end
    }
}

impl Default for Random {
    fn default() -> Random {
        Random::new()
    }
}
