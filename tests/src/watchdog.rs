//! Aborts the process if a test hangs.

use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::time::Duration;
use std::{process, thread};

/// Aborts the process with a message unless the returned value is dropped within `limit`.
#[must_use = "the watchdog is called off when this is dropped"]
#[track_caller]
pub fn watchdog(limit: Duration) -> Watchdog {
    let (alive, watched) = mpsc::channel::<()>();
    let location = std::panic::Location::caller();
    let name = thread::current().name().unwrap_or("?").to_owned();
    let (ready, starts) = mpsc::channel::<()>();
    thread::spawn(move || {
        // Once, so that the thread has all the memory that it will have before a test measures that.
        let _ = watched.recv_timeout(Duration::ZERO);
        drop(ready);
        if let Err(RecvTimeoutError::Timeout) = watched.recv_timeout(limit) {
            eprintln!("watchdog: {name} ({location}) still runs after {limit:?}");
            process::abort();
        }
    });
    let _ = starts.recv();
    Watchdog { _alive: alive }
}

/// Stops the watchdog when dropped.
#[derive(Debug)]
pub struct Watchdog {
    _alive: Sender<()>,
}
