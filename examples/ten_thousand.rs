//! Ten thousand threads that sleep one second, on one OS thread.
//!
//! `cargo run --release --example ten_thousand` prints the time that they took, and their cost.

use std::time::Instant;

use greenpatch::patchable;

#[patchable]
mod program {
    use std::thread;
    use std::time::Duration;

    pub fn sleepers(count: usize) -> usize {
        let sleepers: Vec<_> = (0..count)
            .map(|_| thread::spawn(|| thread::sleep(Duration::from_secs(1))))
            .collect();
        sleepers
            .into_iter()
            .map(|sleeper| sleeper.join())
            .filter(Result::is_ok)
            .count()
    }
}

fn main() -> Result<(), greenpatch::PatchError> {
    greenpatch::patch_thread()?;
    let start = Instant::now();
    let woken = program::sleepers(10_000);
    println!(
        "{woken} threads slept for one second in {:.2} seconds",
        start.elapsed().as_secs_f64()
    );
    for (label, field) in [
        ("most memory resident", "VmHWM:"),
        ("OS threads", "Threads:"),
    ] {
        if let Some(value) = status(field) {
            println!("{label}: {value}");
        }
    }
    assert_eq!(woken, 10_000);
    Ok(())
}

/// Returns one line of the status of this process in Linux; nothing on other systems.
fn status(field: &str) -> Option<String> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let value = status.lines().find_map(|line| line.strip_prefix(field))?;
    Some(value.trim().to_owned())
}
