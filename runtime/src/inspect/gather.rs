//! Asking all hubs what their green threads do.
//!
//! Each hub answers on its own OS thread: the one that runs the caller at once, the others when they next look at
//! what was sent to them. A hub that does not within [`PATIENCE`] is held.
//!
//! Invariant:
//! 1. A report is made on the OS thread of the hub, so the green threads that it reads of neither run nor end meanwhile.
#![allow(unsafe_code)]

use std::num::NonZeroU64;
use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use super::backtrace::{self, Asked};
use super::captured::{self, Captured};
use super::dump::{
    Dump, HubReport, RunningThread, StackUse, ThreadReport, ThreadState, WaitKind, WaitReport,
};
use super::turn::DUMPS;
use super::{holders, os, os_threads, running, waits};
use crate::boundary;
use crate::hub::{self, Activity, Hub, Known, Seen};
use crate::seam::context::{self, Context};
use crate::thread_state::identity::LazyIdentity;
use crate::wait::note::{NoteCell, Noted};

/// How long a hub has to answer.
const PATIENCE: Duration = Duration::from_millis(200);

/// What a dump is to contain besides what it always does.
///
/// # Examples
///
/// ```
/// use greenpatch::inspect::DumpOptions;
///
/// eprintln!("{}", DumpOptions::new().stack_peaks(true).dump());
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct DumpOptions {
    stack_peaks: bool,
    backtraces: bool,
    /// Whether hubs that do not answer are left in peace.
    is_check: bool,
}

impl DumpOptions {
    /// Creates the options of [`dump`](fn@dump): nothing more.
    pub fn new() -> DumpOptions {
        DumpOptions::default()
    }

    /// Sets whether the dump says how much of each stack has memory. That takes a system call for each thread.
    #[must_use]
    pub fn stack_peaks(mut self, on: bool) -> DumpOptions {
        self.stack_peaks = on;
        self
    }

    /// Sets whether the dump has the backtrace of each thread: of the one that calls this, of those that are suspended, and of
    /// one that holds its hub. What
    /// greenpatch does below the function that blocks, and what calls the body of the thread, is left out unless the environment
    /// variable `RUST_BACKTRACE` is `full`.
    ///
    /// Names need the symbols of the program, and lines its debug information. A hub takes some ten microseconds to capture each
    /// backtrace. The names are looked up afterwards, when the threads run again.
    ///
    /// Threads other than the one that calls this have backtraces on x86-64 Linux with greenpatch's own switch. Elsewhere, and where
    /// a hub answers on the stack of a green thread with less than 32 KiB to spare, [`ThreadReport::no_backtrace`] says why
    /// there is none. The stack of a thread that holds its hub is copied by the handler of the signal which asks for the thread,
    /// and its frames are found in the copy; [`RunningThread::no_backtrace`] says why there is none, if so.
    ///
    /// # Examples
    ///
    /// ```
    /// use greenpatch::inspect::DumpOptions;
    ///
    /// greenpatch::patch_thread().unwrap();
    /// let parked = greenpatch::thread::spawn(|| greenpatch::thread::park());
    /// greenpatch::thread::yield_now();
    /// let dump = DumpOptions::new().backtraces(true).dump();
    /// eprintln!("{dump}");
    /// for thread in dump.threads() {
    ///     assert!(thread.backtrace.is_some() || thread.no_backtrace.is_some());
    /// }
    /// # parked.thread().unpark();
    /// # parked.join().unwrap();
    /// ```
    #[must_use]
    pub fn backtraces(mut self, on: bool) -> DumpOptions {
        self.backtraces = on;
        self
    }

    /// Creates the options of a dump that no code asks for: with backtraces if `RUST_BACKTRACE` asks for those of panics.
    pub(super) fn of_the_environment() -> DumpOptions {
        DumpOptions::new().backtraces(backtrace::asked() != Asked::Nothing)
    }

    /// The options of a check for cycles, which interrupts no thread to find out what runs.
    pub(super) fn of_a_check() -> DumpOptions {
        DumpOptions {
            is_check: true,
            ..DumpOptions::default()
        }
    }

    /// Returns the dump, as [`dump`](fn@dump) does.
    #[must_use]
    pub fn dump(self) -> Dump {
        gather(self)
    }
}

/// Returns what all hubs and green threads of the process do.
///
/// It may be called on any thread, also while green threads are stuck. A hub whose OS thread runs or blocks elsewhere for
/// 200 milliseconds is reported as held, without its green threads. The threads run on meanwhile, so the reports of two
/// hubs are not of the same instant.
///
/// # Examples
///
/// ```
/// let dump = greenpatch::dump();
/// eprintln!("{dump}");
/// assert!(dump.to_json().starts_with('{'));
/// ```
#[must_use]
pub fn dump() -> Dump {
    gather(DumpOptions::new())
}

fn gather(options: DumpOptions) -> Dump {
    let _inside = boundary::enter();
    let _turn = DUMPS.wait();
    let hubs = hub::hubs();
    let mut reports: Vec<HubReport> = hubs.iter().map(|hub| unanswered(hub)).collect();
    let (sender, answers) = mpsc::channel();
    // Hubs that have not begun by the end answer no more: one that is held may have been asked many times.
    let asking = Arc::new(());
    let mut expected = 0;
    let begun = Arc::new(AtomicUsize::new(0));
    let mut captured = Vec::new();
    for (index, hub) in hubs.iter().copied().enumerate() {
        if hub.is_here() {
            let (threads, backtraces) = threads_of(hub, options);
            reports[index].threads = threads;
            reports[index].is_held = false;
            captured.push((index, backtraces));
            continue;
        }
        expected += 1;
        let (sender, begun) = (sender.clone(), Arc::clone(&begun));
        let asking = Arc::downgrade(&asking);
        hub.call(Box::new(move || {
            if asking.strong_count() == 0 {
                return;
            }
            begun.fetch_add(1, Ordering::Relaxed);
            // If it comes too late there is no receiver any more.
            let _ = sender.send((index, threads_of(hub, options)));
        }));
    }
    let deadline = Instant::now() + PATIENCE;
    let mut answered = 0;
    while answered < expected {
        // One that makes its report already is not held; thousands of backtraces take a while.
        let left = match begun.load(Ordering::Relaxed) > answered {
            true => PATIENCE,
            false => deadline.saturating_duration_since(Instant::now()),
        };
        #[expect(
            clippy::disallowed_methods,
            reason = "hubs answer whatever this thread does"
        )]
        let answer = answers.recv_timeout(left);
        match answer {
            Ok((index, (threads, backtraces))) => {
                reports[index].threads = threads;
                reports[index].is_held = false;
                captured.push((index, backtraces));
                answered += 1;
            }
            Err(RecvTimeoutError::Timeout) if begun.load(Ordering::Relaxed) > answered => {}
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
        }
    }
    drop(asking);
    let mut held = Vec::new();
    for (index, (report, hub)) in reports.iter_mut().zip(&hubs).enumerate() {
        if !report.is_held || options.is_check {
            continue;
        }
        report.system_call = os::system_call(report.os_thread);
        let Some(running) = running::on(hub, options.backtraces) else {
            continue;
        };
        report.running = Some(RunningThread {
            id: running.id,
            name: running.name,
            spawned_at: running.spawned_at,
            backtrace: None,
            no_backtrace: None,
        });
        held.extend(running.stack.map(|stack| (index, stack)));
    }
    let numbers: Vec<u64> = hubs.iter().map(|hub| hub.os_thread_number()).collect();
    let others = os::working_threads().map(|threads| {
        let is_other = |thread: &&u64| !numbers.contains(thread);
        threads.iter().filter(is_other).count()
    });
    if options.backtraces {
        captured::resolve(&mut reports, captured, held);
    }
    let mut dump = Dump::new(reports);
    dump.os_threads = os_threads::reports();
    dump.other_os_threads = others;
    holders::resolve(&mut dump);
    dump.cycles = holders::cycles(&dump);
    dump
}

/// Returns the report of a hub before it has answered.
fn unanswered(hub: &Hub) -> HubReport {
    let mut report = HubReport::new(hub.os_thread_number());
    report.name = os::name(report.os_thread);
    report
}

/// Returns what the tasks of a hub do, on its OS thread, and their backtraces, if those are asked for.
fn threads_of(
    hub: &'static Hub,
    options: DumpOptions,
) -> (Vec<ThreadReport>, Vec<(usize, Captured)>) {
    let mut threads = Vec::new();
    let mut backtraces = Vec::new();
    let obstacle = options.backtraces.then(|| captured::obstacle(hub));
    hub.for_each_task(|seen| {
        if let Some(obstacle) = obstacle
            && let Some(captured) = captured::capture(&seen.flow, obstacle)
        {
            backtraces.push((threads.len(), captured));
        }
        threads.push(thread(hub, &seen, options));
    });
    (threads, backtraces)
}

fn thread(hub: &Hub, seen: &Seen<'_>, options: DumpOptions) -> ThreadReport {
    let state = match seen.activity {
        Activity::New => ThreadState::New,
        Activity::Ready => ThreadState::Ready,
        Activity::Running => ThreadState::Running,
        Activity::Waiting => ThreadState::Waiting,
    };
    let mut report = ThreadReport::new(0, state);
    report.is_root = seen.is_root;
    report.bounds = seen.stack.map(|(limit, top, _)| (limit, top));
    report.stack = seen.stack.map(|(limit, top, used)| StackUse {
        size: (top - limit).next_multiple_of(4096).saturating_sub(4096),
        used,
        peak: match options.stack_peaks {
            true => os::in_memory(limit, top),
            false => None,
        },
    });
    let mut note: Option<&NoteCell> = None;
    match seen.known {
        Known::NotStarted(Some(tag)) => {
            // SAFETY: the tag is that of `green::thread`; by invariant 1 the thread has not started, so its runner is there.
            report.identify(unsafe { tag.cast::<LazyIdentity>().as_ref() });
        }
        Known::Started(Some(context)) => {
            // SAFETY: it is the context of a green thread, which by invariant 1 does not end meanwhile.
            let context = unsafe { context.cast::<Context>().as_ref() };
            report.identify(context.lazy_identity());
            report.parent = context.parent().map(NonZeroU64::get);
            note = Some(&context.waiting.note);
        }
        Known::Started(None) if seen.is_root => {
            let identity = context::native_identity();
            report.id = identity.id.get();
            report.name = identity.name.as_deref().map(str::to_owned);
            report.bounds = hub::stack_of_this_thread();
            // SAFETY: by invariant 1 this is the root's OS thread, and its cell lives as long.
            note = Some(unsafe { &NonNull::as_ref(&context::native_waiting()).note });
        }
        // One that begins or ends.
        Known::NotStarted(None) | Known::Started(None) => {}
    }
    if seen.activity != Activity::Running {
        let remaining = seen
            .deadline
            .map(|deadline| deadline.saturating_duration_since(Instant::now()));
        report.wait = note.and_then(|note| {
            let noted = note.read()?;
            Some(wait(noted, hub.since(note.moment()), remaining))
        });
    }
    report
}

fn wait(noted: Noted, waited: Duration, remaining: Option<Duration>) -> WaitReport {
    let mut report = WaitReport {
        kind: WaitKind::Sleep,
        address: None,
        location: None,
        waited,
        remaining,
        holder: None,
        page: None,
    };
    match noted {
        Noted::Sleep => {}
        Noted::Descriptor { fd, writes } => {
            let peer = os::peer(fd);
            report.kind = WaitKind::Descriptor { fd, writes, peer };
        }
        Noted::Object(reason, location) => {
            let found = waits::for_object(reason, location);
            return WaitReport {
                waited,
                remaining,
                ..found
            };
        }
    }
    report
}

impl ThreadReport {
    fn identify(&mut self, identity: &LazyIdentity) {
        self.id = identity.number().get();
        self.name = identity.name().map(str::to_owned);
        self.spawned_at = Some(identity.location());
        self.parent = identity.parent().map(NonZeroU64::get);
    }
}
