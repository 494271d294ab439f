//! A green thread that computes, and one that blocks in a call that greenpatch does not know: the others wait meanwhile.
//!
//! ```text
//! cargo run --example blocked_hub
//! ```

use std::error::Error;
use std::time::Duration;

#[greenpatch::patchable]
mod program {
    use std::thread;

    /// Starts the threads, and waits for them.
    pub fn run() {
        let counts = thread::Builder::new().name("counts".into());
        let counts = counts.spawn(|| {
            let mut sum = 0_u64;
            let start = std::time::Instant::now();
            while start.elapsed().as_millis() < 600 {
                sum = std::hint::black_box(sum + 1);
            }
        });
        counts.unwrap().join().unwrap();
        // Reports are a second apart.
        thread::sleep(std::time::Duration::from_millis(1100));
        let calls = thread::Builder::new().name("calls".into());
        let calls = calls.spawn(super::below_std);
        calls.unwrap().join().unwrap();
    }
}

/// Blocks below std, as a C library would.
fn below_std() {
    std::thread::sleep(Duration::from_millis(600));
}

/// Runs with a monitor.
pub fn main() -> Result<(), Box<dyn Error>> {
    let patcher = greenpatch::Patcher::new();
    patcher.monitor(Duration::from_millis(100)).apply()?;
    program::run();
    Ok(())
}
