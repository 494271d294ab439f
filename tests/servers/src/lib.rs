//! A crowd of clients, each on a thread, that are all connected before the first of them sends a request.

use std::error::Error;
use std::fmt::Display;
use std::net::SocketAddr;
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};
use std::{env, fs, process, thread};

/// What a client does, or why it cannot.
pub type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// A client of some server.
pub trait Client: Sized + 'static {
    /// Connects to the server.
    fn connect(address: SocketAddr) -> Outcome<Self>;

    /// Sends the request `round` of the client `number`, and returns what the summary adds up.
    fn request(&mut self, number: u64, round: u64) -> Outcome<u64>;
}

/// Returns the argument at a position, or a default if there is none.
fn argument<T: std::str::FromStr<Err: Display>>(position: usize, default: Option<T>) -> T {
    match (env::args().nth(position), default) {
        (Some(text), _) => text
            .parse()
            .unwrap_or_else(|error| fail("arguments", &error)),
        (None, Some(value)) => value,
        (None, None) => fail("arguments", &"ADDRESS [CLIENTS [ROUNDS]]"),
    }
}

/// Ends the process: the other clients would wait forever for one that fails.
fn fail(what: &str, error: &dyn Display) -> ! {
    eprintln!("{what}: {error}");
    process::exit(1);
}

/// Returns the address of the server, the first argument.
pub fn address() -> SocketAddr {
    argument(1, None)
}

/// Returns a figure of the kernel about this process.
fn figure(name: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let digits = line.and_then(|line| line.split_whitespace().next());
    digits.map_or(0, |digits| digits.parse().unwrap_or(0))
}

/// Starts the clients, has each send its requests, and prints a summary that is the same in each run. What differs from
/// run to run is written to standard error.
pub fn crowd<C: Client>() {
    let address = address();
    let clients: u64 = argument(2, Some(1000));
    let rounds: u64 = argument(3, Some(20));
    let start = Instant::now();
    let parties = usize::try_from(clients).map_or(usize::MAX, |clients| clients + 1);
    let connected = Arc::new(Barrier::new(parties));
    let counted = Arc::new(Barrier::new(parties));
    let threads: Vec<_> = (0..clients)
        .map(|number| {
            let (connected, counted) = (connected.clone(), counted.clone());
            thread::spawn(move || {
                let mut client = C::connect(address)
                    .unwrap_or_else(|error| fail(&format!("client {number} connects"), &error));
                connected.wait();
                counted.wait();
                let mut sum = 0;
                for round in 0..rounds {
                    sum += client
                        .request(number, round)
                        .unwrap_or_else(|error| fail(&format!("client {number}"), &error));
                }
                sum
            })
        })
        .collect();

    connected.wait();
    let connecting = start.elapsed();
    let most = figure("Threads");
    let start = Instant::now();
    counted.wait();
    let sums = threads
        .into_iter()
        .map(|thread| thread.join().expect("no client panics"));
    let sum: u64 = sums.sum();
    let requesting = start.elapsed();

    println!(
        "{clients} clients, {} requests, sum {sum}",
        clients * rounds
    );
    let milliseconds = |time: Duration| time.as_millis();
    eprintln!(
        "threads {most} connecting {} requesting {} rss {}",
        milliseconds(connecting),
        milliseconds(requesting),
        figure("VmHWM"),
    );
}
