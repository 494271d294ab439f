//! Short programs that end by themselves. `cargo run --release --example NAME` runs one.

use std::fmt::Display;
use std::time::Instant;

/// The cost of a program, printed at its end.
#[derive(Debug)]
pub struct Summary {
    start: Instant,
}

impl Summary {
    /// Starts the measurement.
    #[must_use]
    pub fn begin() -> Summary {
        Summary {
            start: Instant::now(),
        }
    }

    /// Prints the number of requests, the time that they took, and the resources that the process used.
    pub fn print(&self, requests: usize) {
        let seconds = self.start.elapsed().as_secs_f64();
        let rate = requests as f64 / seconds;
        line("requests", format!("{requests}, {rate:.0} a second"));
        line("seconds", format!("{seconds:.2}"));
        line("OS threads", status("Threads:"));
        line("resident memory", status("VmRSS:"));
        line("resident memory, most", status("VmHWM:"));
    }
}

fn line(label: &str, value: impl Display) {
    println!("{label:>22}: {value}");
}

/// Returns one line of the status of this process in Linux.
fn status(field: &str) -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let value = status.lines().find_map(|line| line.strip_prefix(field));
    value.map_or("unknown here".to_owned(), |value| value.trim().to_owned())
}

/// Patches everything, unless the program was called with `--native`.
///
/// # Errors
///
/// The same as for `greenpatch::patch_all`.
pub fn patch_unless_native() -> Result<(), greenpatch::PatchError> {
    if std::env::args().any(|argument| argument == "--native") {
        println!("not patched: OS threads");
    } else {
        greenpatch::patch_all()?;
        println!("patched: green threads");
    }
    Ok(())
}

/// Returns the number that follows `--name` on the command line.
///
/// # Panics
///
/// Panics if the argument is not a number.
#[must_use]
pub fn number(name: &str, default: usize) -> usize {
    text(name).map_or(default, |text| {
        text.parse()
            .unwrap_or_else(|_| panic!("{name} is followed by a number"))
    })
}

/// Returns the argument that follows `--name` on the command line.
#[must_use]
pub fn text(name: &str) -> Option<String> {
    let mut arguments = std::env::args();
    arguments.find(|argument| argument == name)?;
    arguments.next()
}
