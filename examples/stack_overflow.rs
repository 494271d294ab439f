//! A green thread whose recursion does not end: its stack overflows, and the process is aborted.
//!
//! ```text
//! cargo run --example stack_overflow
//! ```

use std::error::Error;

#[greenpatch::patchable]
mod program {
    use std::hint::black_box;
    use std::thread;

    /// Starts a thread that goes down, and waits for it.
    pub fn run() {
        let builder = thread::Builder::new().name("diver".into());
        let diver = builder.stack_size(256 << 10).spawn(|| dive(0));
        let depth = diver.expect("there is room for a thread").join();
        println!("the sea has {depth:?} levels");
    }

    fn dive(depth: u64) -> u64 {
        let level = black_box([depth; 16]);
        match black_box(u64::MAX) {
            bottom if depth == bottom => depth,
            _ => black_box(dive(depth + 1)) + level[0] - depth,
        }
    }
}

/// Runs the program.
pub fn main() -> Result<(), Box<dyn Error>> {
    greenpatch::patch_thread()?;
    program::run();
    Ok(())
}
