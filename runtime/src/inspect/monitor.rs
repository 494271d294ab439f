//! The monitor: an OS thread that reports which thread has held a hub for too long.
//!
//! It sends a message to each hub that is awake, and a hub answers as soon as it looks for its next task. One that has not
//! answered for the whole time is held: one of its threads has run, or has blocked the OS thread, since then. A hub
//! that sleeps is left asleep. Without a monitor nothing of this costs anything; with one, each hub takes a message for every
//! quarter of the time.
#![forbid(unsafe_code)]

use std::error::Error;
use std::io;
use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::backtrace::{self, Asked};
use super::{captured, duration, os, running, standard_error};
use crate::hub::{self, Hub};
use crate::patch::{self, events::HubBlocked};

/// The variable that decides, whatever the program says.
const VARIABLE: &str = "GREENPATCH_MONITOR";
/// At least so long lies between two reports. What happens in between is counted.
const BETWEEN_REPORTS: Duration = Duration::from_secs(1);

/// Starts the monitor if the environment, or else `limit`, asks for it and it does not run yet.
///
/// # Errors
///
/// If the variable has a value without a meaning, or the OS has no thread.
pub(crate) fn start(limit: Option<Duration>) -> Result<(), Box<dyn Error + Send + Sync>> {
    static STARTED: Mutex<Option<u32>> = Mutex::new(None);

    let Some(limit) = duration::asked(VARIABLE, limit)? else {
        return Ok(());
    };
    let mut started = STARTED.lock().unwrap_or_else(PoisonError::into_inner);
    if *started != Some(hub::forks()) {
        spawn(limit)?;
        *started = Some(hub::forks());
    }
    Ok(())
}

fn spawn(limit: Duration) -> io::Result<()> {
    let builder = thread::Builder::new().name("greenpatch-monitor".into());
    let monitor = builder.spawn(move || {
        os::add_own_thread();
        watch(limit);
    });
    monitor.map(drop)
}

/// What the monitor knows of a hub.
struct Watched {
    hub: &'static Hub,
    /// Set by the hub's answer.
    has_answered: Arc<AtomicBool>,
    asked: Instant,
    is_reported: bool,
}

/// The body of the monitor.
fn watch(limit: Duration) -> ! {
    let mut watched: Vec<Watched> = Vec::new();
    let mut last_report: Option<Instant> = None;
    let mut unreported = 0;
    loop {
        #[expect(clippy::disallowed_methods, reason = "an OS thread of its own")]
        thread::sleep(limit / 4);
        for hub in hub::hubs() {
            if watched.iter().any(|watched| ptr::eq(watched.hub, hub)) {
                continue;
            }
            watched.push(Watched {
                hub,
                has_answered: Arc::new(AtomicBool::new(true)),
                asked: Instant::now(),
                is_reported: false,
            });
        }
        for watched in &mut watched {
            if watched.has_answered.load(Ordering::Acquire) {
                watched.ask();
                continue;
            }
            let duration = watched.asked.elapsed();
            if duration < limit || watched.is_reported {
                continue;
            }
            watched.is_reported = true;
            if last_report.is_some_and(|last| last.elapsed() < BETWEEN_REPORTS) {
                unreported += 1;
                continue;
            }
            last_report = Some(Instant::now());
            report(watched.hub, duration, std::mem::take(&mut unreported));
        }
    }
}

impl Watched {
    /// Asks the hub for an answer unless it sleeps.
    fn ask(&mut self) {
        self.is_reported = false;
        if self.hub.is_asleep() {
            return;
        }
        self.has_answered.store(false, Ordering::Relaxed);
        self.asked = Instant::now();
        let has_answered = Arc::clone(&self.has_answered);
        self.hub.call(Box::new(move || {
            has_answered.store(true, Ordering::Release)
        }));
    }
}

fn report(hub: &'static Hub, duration: Duration, unreported: u32) {
    let os_thread = hub.os_thread_number();
    // Before the signal, which may end the call.
    let system_call = os::system_call(os_thread);
    let running = running::on(hub, backtrace::asked() != Asked::Nothing);
    let mut blocked = HubBlocked {
        duration,
        os_thread,
        thread: None,
        name: None,
        spawned_at: None,
        system_call,
        backtrace: None,
        call_name: system_call.and_then(os::name_of_call),
        unreported,
    };
    if let Some(running) = running {
        blocked.thread = running.id;
        blocked.name = running.name;
        blocked.spawned_at = running.spawned_at;
        let frames = (running.stack).map(captured::of_running);
        blocked.backtrace = frames.and_then(Result::ok);
    }
    let is_heard =
        os::working(|| patch::announce(&blocked) || patch::outlets::hub_blocked(&blocked));
    if !is_heard {
        standard_error::write(&format_args!("greenpatch: {blocked}\n"));
    }
}
