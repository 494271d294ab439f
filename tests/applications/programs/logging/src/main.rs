//! Many threads that log to one place: log with env_logger, tracing with tracing-subscriber.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Instant;

use tracing::instrument;

const THREADS: usize = 8;

/// Where both write to.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0
            .lock()
            .expect("no thread panics")
            .extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Lines {
    /// What was written, in order, since threads write in any.
    fn sorted(&self) -> Vec<String> {
        let text = self.0.lock().expect("no thread panics");
        let text = String::from_utf8_lossy(&text);
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    }
}

#[instrument]
fn work(thread: usize, step: usize) {
    tracing::info!(half = step / 2, "working");
    inner(step);
}

#[instrument]
fn inner(step: usize) {
    thread::yield_now();
    tracing::debug!("inside");
}

fn log_all(steps: usize) {
    let threads: Vec<_> = (0..THREADS)
        .map(|thread| {
            thread::spawn(move || {
                for step in 0..steps {
                    log::info!("thread {thread}, step {step}");
                    log::debug!("not written");
                    work(thread, step);
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().expect("no thread panics");
    }
}

fn main() {
    let measure = std::env::args().nth(1).is_some();
    let (of_log, of_tracing) = (Lines::default(), Lines::default());
    env_logger::Builder::new()
        .filter_level(log::LevelFilter::Info)
        .format(|line, record| writeln!(line, "{} {}", record.level(), record.args()))
        .target(env_logger::Target::Pipe(Box::new(of_log.clone())))
        .init();
    let writer = Mutex::new(of_tracing.clone());
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::DEBUG)
        .without_time()
        .with_ansi(false)
        .with_writer(writer)
        .finish();
    tracing::subscriber::set_global_default(subscriber).expect("there is none yet");
    let steps = if measure { 5_000 } else { 10 };
    let start = Instant::now();
    log_all(steps);
    let taken = start.elapsed().as_secs_f64();
    let (of_log, of_tracing) = (of_log.sorted(), of_tracing.sorted());
    if measure {
        println!(
            "{:.0} lines/s",
            (of_log.len() + of_tracing.len()) as f64 / taken
        );
        return;
    }
    println!(
        "{} lines by log, {} by tracing",
        of_log.len(),
        of_tracing.len()
    );
    for line in of_log.iter().chain(&of_tracing).step_by(13) {
        println!("{line}");
    }
}
