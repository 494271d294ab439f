//! Counts what the hub does for a program, with times.
//!
//! ```text
//! cargo run --example stats
//! ```

use std::error::Error;

#[greenpatch::patchable]
mod program {
    use std::sync::mpsc;
    use std::thread;
    use std::time::Duration;

    /// A hundred threads that sleep, then send ten numbers each.
    pub fn run() -> u64 {
        let (sender, receiver) = mpsc::channel();
        for number in 0..100 {
            let sender = sender.clone();
            thread::spawn(move || {
                thread::sleep(Duration::from_millis(number % 10));
                for _ in 0..10 {
                    sender.send(number).expect("the receiver waits");
                    thread::yield_now();
                }
            });
        }
        drop(sender);
        receiver.iter().sum()
    }
}

/// Runs the program, and prints the stats as text and as JSON.
pub fn main() -> Result<(), Box<dyn Error>> {
    greenpatch::Patcher::new().stats(true).apply()?;
    program::run();
    let stats = greenpatch::stats();
    print!("{stats}");
    println!("{}", stats.to_json());
    Ok(())
}
