//! Two threads that lock two mutexes in opposite orders. greenpatch says so, where std hangs in silence.
//!
//! ```text
//! cargo run --example deadlock
//! ```
//!
//! It ends with status 101, since it asks for a panic.

use std::error::Error;

#[greenpatch::patchable]
mod bank {
    use std::sync::{Arc, Mutex};
    use std::thread;

    /// Moves money between two accounts, from both sides at once.
    pub fn transfer() {
        let ours = Arc::new(Mutex::new(100));
        let theirs = Arc::new(Mutex::new(100));
        let accounts = (Arc::clone(&ours), Arc::clone(&theirs));
        let pays = move || {
            let mut from = accounts.0.lock().unwrap();
            thread::yield_now(); // a look at the other account
            *accounts.1.lock().unwrap() += 10;
            *from -= 10;
        };
        let refunds = move || {
            let mut from = theirs.lock().unwrap();
            thread::yield_now();
            *ours.lock().unwrap() += 10;
            *from -= 10;
        };
        let pays = thread::Builder::new().name("pays".into()).spawn(pays);
        let refunds = thread::Builder::new().name("refunds".into()).spawn(refunds);
        for thread in [pays, refunds] {
            thread.unwrap().join().unwrap();
        }
    }
}

/// Runs into the deadlock.
pub fn main() -> Result<(), Box<dyn Error>> {
    let patcher = greenpatch::Patcher::new();
    patcher.on_deadlock(greenpatch::Deadlock::Panic).apply()?;
    bank::transfer();
    Ok(())
}
