//! Reporting that no thread of the process can run again.
//!
//! A hub that is quiet (`hub::idleness`) looks at the process. Nothing can wake a thread any more if all hubs are quiet, every
//! other OS thread waits in greenpatch until it is woken or is a helper without a call, and no signal has a handler. All of that
//! is read twice. `wait::blocked` says why nothing will ever happen if it is the same both times.
#![forbid(unsafe_code)]

use std::env;
use std::error::Error;
use std::panic::{self, AssertUnwindSafe};
use std::process;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use super::gather::DumpOptions;
use super::{os, os_threads, standard_error};
use crate::hub;
use crate::patch::{self, Deadlock};

/// The variable that decides, whatever the program says.
const VARIABLE: &str = "GREENPATCH_DEADLOCK";

/// How long a subscriber or a logger has for the report before the process ends.
const PATIENCE: Duration = Duration::from_secs(1);

static POLICY: AtomicU8 = AtomicU8::new(Deadlock::Report as u8);
/// Whether a report was made.
static REPORTED: AtomicBool = AtomicBool::new(false);
static IDLE_HELPERS: OnceLock<IdleHelpers> = OnceLock::new();

/// Returns how many helpers have no call, and how many calls have begun so far.
pub(crate) type IdleHelpers = fn() -> (usize, usize);

/// Makes hubs look for a deadlock, and do about it what the environment says, or else `policy`.
///
/// # Errors
///
/// If the variable has a value without a meaning.
pub(crate) fn watch(
    policy: Option<Deadlock>,
    idle_helpers: IdleHelpers,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    let asked = match env::var(VARIABLE) {
        Ok(name) => Some(parse(&name).ok_or_else(|| {
            format!("{VARIABLE} is {name:?}; it can be report, panic, abort or ignore")
        })?),
        Err(_) => policy,
    };
    if let Some(policy) = asked {
        POLICY.store(policy as u8, Ordering::Relaxed);
    }
    IDLE_HELPERS.get_or_init(|| idle_helpers);
    if POLICY.load(Ordering::Relaxed) != Deadlock::Ignore as u8 {
        hub::when_quiet(look);
    }
    Ok(())
}

/// Returns how many calls helpers have begun so far.
pub(super) fn helper_calls() -> usize {
    IDLE_HELPERS.get().map_or(0, |idle| idle().1)
}

fn parse(name: &str) -> Option<Deadlock> {
    Some(match name {
        "report" => Deadlock::Report,
        "panic" => Deadlock::Panic,
        "abort" => Deadlock::Abort,
        "ignore" => Deadlock::Ignore,
        _ => return None,
    })
}

/// Looks at the process, and reports a deadlock once.
fn look() {
    let policy = POLICY.load(Ordering::Relaxed);
    if policy == Deadlock::Ignore as u8 || REPORTED.load(Ordering::Relaxed) {
        return;
    }
    let first = Rest::now();
    if first.is_none() || first != Rest::now() || REPORTED.swap(true, Ordering::Relaxed) {
        return;
    }
    let dump = DumpOptions::of_the_environment().dump();
    let report = format!("greenpatch: deadlock: no thread of this process can run again\n{dump}");
    if policy == Deadlock::Panic as u8 {
        // A wait cannot unwind, so the panic is that of a thread of its own.
        let (text, cycles) = (report.clone(), dump.cycles.clone());
        let panics = thread::Builder::new()
            .name("greenpatch-deadlock".into())
            .spawn(move || {
                wait_for(&tell(text.clone(), cycles));
                let _ = panic::catch_unwind(AssertUnwindSafe(|| panic!("{text}")));
                process::exit(101);
            });
        if panics.is_ok() {
            return;
        }
    }
    standard_error::write(&report);
    let told = tell(report, dump.cycles);
    if policy != Deadlock::Report as u8 {
        wait_for(&told);
        process::abort();
    }
}

/// Tells the subscriber or the logger, on an OS thread of its own: what it does may wait for one of the threads that cannot
/// run. The receiver is disconnected at the end.
fn tell(report: String, cycles: Vec<Vec<u64>>) -> Receiver<()> {
    let (sender, told) = mpsc::channel();
    if patch::outlets::are_there_any() {
        let teller = thread::Builder::new().name("greenpatch-report".into());
        // Without such a thread the standard error has to do.
        let _ = teller.spawn(move || {
            patch::outlets::deadlock(&report, &cycles);
            drop(sender);
        });
    }
    told
}

/// Waits until that is done, for a moment.
fn wait_for(told: &Receiver<()>) {
    #[expect(
        clippy::disallowed_methods,
        reason = "no thread of this OS thread can run any more"
    )]
    let _ = told.recv_timeout(PATIENCE);
}

/// A process in which no OS thread can wake a thread.
#[derive(PartialEq)]
struct Rest {
    /// The word of each hub.
    hubs: Vec<u64>,
    /// The OS threads that are no hubs and wait to be woken, each with its epoch.
    asleep: Vec<(u64, usize)>,
    os_threads: Vec<u64>,
    helpers: (usize, usize),
}

impl Rest {
    /// Returns what the process is like, unless one of its threads may run.
    fn now() -> Option<Rest> {
        let hubs = hub::hubs();
        let words: Option<Vec<u64>> = hubs.iter().map(|hub| hub.quiet()).collect();
        let words = words?;
        let mut asleep = os_threads::asleep();
        let helpers = IDLE_HELPERS.get().map_or((0, 0), |idle| idle());
        // Last: a thread that was found to be in its epoch has started all that it has started by then.
        let os_threads = os::working_threads()?;
        let is_hub = |number: &u64| hubs.iter().any(|hub| hub.os_thread_number() == *number);
        // What a thread has left that has ended, or that the parent of a fork has, is not in the list.
        asleep.retain(|(number, _)| os_threads.contains(number) && !is_hub(number));
        let is_asleep = |number: &u64| asleep.iter().any(|(asleep, _)| asleep == number);
        let others = os_threads
            .iter()
            .filter(|number| !is_hub(number) && !is_asleep(number));
        if others.count() > helpers.0 || os::has_signal_handler() {
            return None;
        }
        Some(Rest {
            hubs: words,
            asleep,
            os_threads,
            helpers,
        })
    }
}
