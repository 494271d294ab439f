//! The programs of `benches/programs`, compiled under the one line: on green threads, once patched.

#[macro_use]
extern crate greenpatch as std;

#[path = "../programs/mod.rs"]
mod programs;

pub use programs::*;

/// The two threads of `pingpong`, each on a worker of its own.
pub mod apart {
    use greenpatch::{BuilderExt, Place};
    use std::thread::Builder;

    use super::programs::{Lap, pingpong};

    /// A number goes there and back `trips` times.
    pub fn pingpong(trips: u64) -> Lap {
        let [pong, ping] = [0, 1].map(|number| Builder::new().place(Place::Worker(number)));
        pingpong::between(trips, pong, ping)
    }
}
