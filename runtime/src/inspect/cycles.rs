//! The check for cycles: an OS thread that reports threads which wait for each other, while others run.
//!
//! It makes a dump now and then. The hubs answer one after another, so the waits of one dump need not have been at one
//! instant. A cycle is reported if it is in two dumps in a row, and each of its waits has lasted from before the end of the
//! first until the second. Then all of them were there at once, and a thread that waits gives nothing away that another one waits for.
#![forbid(unsafe_code)]

use std::error::Error;
use std::io;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::dump::{Dump, Holder, WaitKind, WaitReport};
use super::gather::DumpOptions;
use super::{duration, os, standard_error, text};
use crate::hub;
use crate::patch::{self, events::CycleFound, events::CycleThread};

/// The variable that decides, whatever the program says.
const VARIABLE: &str = "GREENPATCH_CYCLES";

/// Starts the check if the environment, or else `every`, asks for it and it does not run yet.
///
/// # Errors
///
/// If the variable has a value without a meaning, or the OS has no thread.
pub(crate) fn start(every: Option<Duration>) -> Result<(), Box<dyn Error + Send + Sync>> {
    static STARTED: Mutex<Option<u32>> = Mutex::new(None);

    let Some(every) = duration::asked(VARIABLE, every)? else {
        return Ok(());
    };
    let mut started = STARTED.lock().unwrap_or_else(PoisonError::into_inner);
    if *started != Some(hub::forks()) {
        spawn(every)?;
        *started = Some(hub::forks());
    }
    Ok(())
}

fn spawn(every: Duration) -> io::Result<()> {
    let builder = thread::Builder::new().name("greenpatch-cycles".into());
    let check = builder.spawn(move || {
        os::add_own_thread();
        check(every);
    });
    check.map(drop)
}

/// The body of the OS thread.
fn check(every: Duration) -> ! {
    let mut last: Vec<Vec<Wait>> = Vec::new();
    let mut reported: Vec<Vec<Wait>> = Vec::new();
    let mut since = Instant::now();
    loop {
        #[expect(clippy::disallowed_methods, reason = "an OS thread of its own")]
        thread::sleep(every);
        let dump = DumpOptions::of_a_check().dump();
        let now = Instant::now();
        // A wait is measured before this, so one that has lasted for so long was there when the dump before ended.
        let least = now - since;
        let found: Vec<Vec<Wait>> = (dump.cycles.iter())
            .filter_map(|cycle| cycle.iter().map(|id| wait_of(&dump, *id)).collect())
            .collect();
        reported.retain(|cycle| found.contains(cycle));
        for cycle in &found {
            let has_lasted = |wait: &Wait| wait.epoch.is_some() || wait.waited >= least;
            if last.contains(cycle) && cycle.iter().all(has_lasted) && !reported.contains(cycle) {
                report(&dump, cycle);
                reported.push(cycle.clone());
            }
        }
        last = found;
        since = now;
    }
}

/// One wait of a cycle.
#[derive(Clone, Debug)]
struct Wait {
    thread: u64,
    kind: WaitKind,
    address: Option<usize>,
    holder: Option<Holder>,
    /// The epoch of a wait of an OS thread.
    epoch: Option<usize>,
    waited: Duration,
}

impl PartialEq for Wait {
    fn eq(&self, other: &Wait) -> bool {
        (self.thread, self.address, self.holder, self.epoch)
            == (other.thread, other.address, other.holder, other.epoch)
            && self.kind == other.kind
    }
}

fn wait_of(dump: &Dump, id: u64) -> Option<Wait> {
    let (report, epoch) = find(dump, id)?;
    Some(Wait {
        thread: id,
        kind: report.kind.clone(),
        address: report.address,
        holder: report.holder,
        epoch,
        waited: report.waited,
    })
}

/// Returns the wait of a thread, with its epoch if it is an OS thread.
fn find(dump: &Dump, id: u64) -> Option<(&WaitReport, Option<usize>)> {
    let green = dump.threads().find(|thread| thread.id == id);
    if let Some(thread) = green {
        return Some((thread.wait.as_ref()?, None));
    }
    let os_thread = dump.os_threads.iter().find(|thread| thread.id == id)?;
    Some((&os_thread.wait, Some(os_thread.epoch)))
}

fn report(dump: &Dump, cycle: &[Wait]) {
    let threads = cycle.iter().filter_map(|wait| {
        let (report, _) = find(dump, wait.thread)?;
        let green = dump.threads().find(|thread| thread.id == wait.thread);
        let os_thread = dump
            .os_threads
            .iter()
            .find(|thread| thread.id == wait.thread);
        let name = match (green, os_thread) {
            (Some(thread), _) => thread.name.clone(),
            (None, Some(thread)) => thread.name.clone(),
            (None, None) => None,
        };
        Some(CycleThread {
            id: wait.thread,
            name,
            spawned_at: green.and_then(|thread| thread.spawned_at),
            wait: text::wait(dump, report),
            location: report.location,
        })
    });
    let found = CycleFound {
        threads: threads.collect(),
    };
    let is_told = os::working(|| patch::announce(&found) || patch::outlets::cycle(&found));
    if !is_told {
        standard_error::write(&format_args!("greenpatch: {found}\n"));
    }
}
