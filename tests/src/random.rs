//! Pseudo-random numbers from a printed seed.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Pseudo-random numbers from a seed that is printed, so that a failure can be run again with
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

    /// Returns the next number (xorshift, multiplied).
    pub fn draw(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// Returns the next number below `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        (self.draw() >> 16) % end
    }
}

impl Default for Random {
    fn default() -> Random {
        Random::new()
    }
}

/// Returns how long a random test runs: `GREENPATCH_STRESS_SECONDS`, or else `usual`.
pub fn stress_time(usual: Duration) -> Duration {
    let given = std::env::var("GREENPATCH_STRESS_SECONDS");
    let given = given.ok().and_then(|seconds| seconds.parse().ok());
    given.map_or(usual, Duration::from_secs)
}
