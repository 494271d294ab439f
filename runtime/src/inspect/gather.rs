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
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Mutex, MutexGuard, TryLockError};
use std::thread;
use std::time::{Duration, Instant};

use super::dump::{
    Dump, Holder, HubReport, RunningThread, StackUse, ThreadReport, ThreadState, WaitKind,
    WaitReport,
};
use super::{holders, os, running};
use crate::boundary;
use crate::hub::{self, Activity, Hub, Known, Seen};
use crate::seam::context::{self, Context};
use crate::thread_state::identity::LazyIdentity;
use crate::wait::note::{NoteCell, Noted};
use crate::wait::reason::{self, Kind, Reason};

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
    let _turn = turn();
    let hubs = hub::hubs();
    let mut reports: Vec<HubReport> = hubs.iter().map(|hub| unanswered(hub)).collect();
    let (sender, answers) = mpsc::channel();
    let mut expected = 0;
    for (index, hub) in hubs.iter().copied().enumerate() {
        if hub.is_here() {
            reports[index].threads = threads_of(hub, options);
            reports[index].is_held = false;
            continue;
        }
        expected += 1;
        let sender = sender.clone();
        hub.call(Box::new(move || {
            // If it comes too late there is no receiver any more.
            let _ = sender.send((index, threads_of(hub, options)));
        }));
    }
    let deadline = Instant::now() + PATIENCE;
    while expected > 0 {
        let left = deadline.saturating_duration_since(Instant::now());
        #[expect(
            clippy::disallowed_methods,
            reason = "hubs answer whatever this thread does"
        )]
        let answer = answers.recv_timeout(left);
        match answer {
            Ok((index, threads)) => {
                reports[index].threads = threads;
                reports[index].is_held = false;
                expected -= 1;
            }
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
        }
    }
    for report in reports.iter_mut().filter(|report| report.is_held) {
        report.system_call = os::system_call(report.os_thread);
        let hub = hubs
            .iter()
            .find(|hub| hub.os_thread_number() == report.os_thread);
        report.running = hub
            .and_then(|hub| running::on(hub))
            .map(|running| RunningThread {
                id: running.id,
                name: running.name,
                spawned_at: running.spawned_at,
            });
    }
    let numbers: Vec<u64> = hubs.iter().map(|hub| hub.os_thread_number()).collect();
    let others = os::working_threads().map(|threads| {
        let is_other = |thread: &&u64| !numbers.contains(thread);
        threads.iter().filter(is_other).count()
    });
    let mut dump = Dump {
        hubs: reports,
        cycles: Vec::new(),
        other_os_threads: others,
    };
    holders::resolve(&mut dump);
    dump.cycles = holders::cycles(&dump);
    dump
}

/// Waits until no other thread makes a dump. Two that wait for each other's hubs would find both held; so this hub
/// answers meanwhile.
fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());

    loop {
        match TURN.try_lock() {
            Ok(turn) => return turn,
            Err(TryLockError::Poisoned(poisoned)) => return poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => {}
        }
        if let Some(hub) = hub::current() {
            hub.look_into_inbox();
        }
        #[expect(clippy::disallowed_methods, reason = "a dump takes the OS thread")]
        thread::sleep(Duration::from_millis(1));
    }
}

/// Returns the report of a hub before it has answered.
fn unanswered(hub: &Hub) -> HubReport {
    let os_thread = hub.os_thread_number();
    HubReport {
        os_thread,
        name: os::name(os_thread),
        is_held: true,
        system_call: None,
        running: None,
        threads: Vec::new(),
    }
}

/// Returns what the tasks of a hub do, on its OS thread.
fn threads_of(hub: &'static Hub, options: DumpOptions) -> Vec<ThreadReport> {
    let mut threads = Vec::new();
    hub.for_each_task(|seen| threads.push(thread(hub, &seen, options)));
    threads
}

fn thread(hub: &Hub, seen: &Seen, options: DumpOptions) -> ThreadReport {
    let mut report = ThreadReport {
        id: 0,
        name: None,
        is_root: seen.is_root,
        spawned_at: None,
        parent: None,
        state: match seen.activity {
            Activity::New => ThreadState::New,
            Activity::Ready => ThreadState::Ready,
            Activity::Running => ThreadState::Running,
            Activity::Waiting => ThreadState::Waiting,
        },
        wait: None,
        bounds: seen.stack.map(|(limit, top, _)| (limit, top)),
        stack: seen.stack.map(|(limit, top, used)| StackUse {
            size: (top - limit).next_multiple_of(4096).saturating_sub(4096),
            used,
            peak: match options.stack_peaks {
                true => os::in_memory(limit, top),
                false => None,
            },
        }),
    };
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
            report.bounds = os::stack();
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
            report.kind = kind(reason);
            report.address = Some(reason.address);
            report.location = location;
            match reason.holder {
                reason::Holder::Unknown => {}
                reason::Holder::Thread(number) => {
                    report.holder = Some(Holder::Thread(number.get()));
                }
                reason::Holder::Page(page) => report.page = Some(page),
            }
        }
    }
    report
}

fn kind(reason: Reason) -> WaitKind {
    match reason.kind {
        Kind::Mutex => WaitKind::Mutex,
        Kind::Read => WaitKind::Read,
        Kind::Write => WaitKind::Write,
        Kind::Once => WaitKind::Once,
        Kind::Condvar => WaitKind::Condvar,
        Kind::Barrier => WaitKind::Barrier,
        Kind::ChannelSend => WaitKind::ChannelSend,
        Kind::ChannelReceive => WaitKind::ChannelReceive,
        Kind::Join => WaitKind::Join,
        Kind::Scope => WaitKind::Scope,
        Kind::Park => WaitKind::Park,
        Kind::BlockOn => WaitKind::BlockOn,
        Kind::Futex => WaitKind::Futex,
        Kind::Call(name) => WaitKind::Call(name),
    }
}

impl ThreadReport {
    fn identify(&mut self, identity: &LazyIdentity) {
        self.id = identity.number().get();
        self.name = identity.name().map(str::to_owned);
        self.spawned_at = Some(identity.location());
        self.parent = identity.parent().map(NonZeroU64::get);
    }
}
