//! The timeline: what runs on each hub and when, as it is recorded.
//!
//! Each hub has a row, to which its OS thread adds records under a lock that is seldom contended. An OS thread of its
//! own takes them every few milliseconds, and writes them to the file (`trace_file`). If it is too slow, records are
//! dropped and counted.
//!
//! Invariant:
//! 1. A row's functions are called on the OS thread of its hub, by the observer's contract. What a [`Known`] points
//!    to is alive during the call.
#![allow(unsafe_code)]

use std::collections::HashSet;
use std::fmt;
use std::mem;
use std::panic::Location;
use std::ptr::NonNull;
use std::sync::{LazyLock, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Instant;

use crate::boundary;
use crate::hub::{self, Cause, Ended, Known, Observer, Reason};
use crate::seam::context::{self, Context};
use crate::thread_state::identity::LazyIdentity;

/// The number of records that a row holds until they are taken.
const LIMIT: usize = 1 << 17;

/// At least so many nanoseconds lie between two records of counters.
const BETWEEN_COUNTERS: u64 = 10_000;

/// When the timeline began, in the process that `hub::forks` tells.
static BEGUN: OnceLock<(Instant, u32)> = OnceLock::new();

/// The rows of all hubs, in the order in which they were first observed. They live as long as the process.
static ROWS: Mutex<Vec<&'static Row>> = Mutex::new(Vec::new());

/// The threads that were started on other hubs, by their numbers, until they begin. Locked while a row is.
static STARTS: LazyLock<Mutex<HashSet<u64>>> = LazyLock::new(Mutex::default);

/// What the program has patched and restored since it was last taken.
static NOTES: Mutex<Vec<(u64, String)>> = Mutex::new(Vec::new());

/// Something that happened on a hub. Times are in nanoseconds since the timeline began.
#[derive(Debug)]
pub(super) enum Record {
    /// What is known of a thread, before its first slice.
    Thread(u64, Option<Box<str>>, Option<&'static Location<'static>>),
    /// A thread has run. `reason` is why, if it was neither woken nor spawned by another one.
    Slice {
        thread: u64,
        from: u64,
        to: u64,
        reason: Option<Reason>,
    },
    /// A thread has ended. Its slices come before.
    Ended(u64),
    /// An arrow begins or ends.
    Arrow(Cause, End, u64),
    /// An arrow of a spawn on another hub, by the number of the new thread.
    Start(u64, End, u64),
    /// How many threads are ready, and how many there are.
    Counters { at: u64, ready: u32, alive: u32 },
}

/// The ends of an arrow.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum End {
    Start,
    Finish,
}

/// The row of one hub.
pub(super) struct Row {
    pub(super) os_thread: u64,
    records: Mutex<Records>,
}

struct Records {
    list: Vec<Record>,
    dropped: u64,
    /// The thread that runs, since when, and why.
    running: Option<(u64, u64, Option<Reason>)>,
    knows_root: bool,
    last_counters: (u64, u32, u32),
}

/// What a row had when it was taken.
pub(super) struct Taken {
    pub(super) records: Vec<Record>,
    pub(super) dropped: u64,
}

/// Begins the timeline of this process. Returns false if it has begun.
pub(super) fn begin() -> bool {
    let is_first = BEGUN.set((Instant::now(), hub::forks())).is_ok();
    is_first && hub::observe_hubs(observer)
}

/// Returns the observer of a hub, unless it is that of the child of a fork.
fn observer(os_thread: u64) -> Option<Box<dyn Observer>> {
    if !is_of_this_process() {
        return None;
    }
    let row: &'static Row = Box::leak(Box::new(Row {
        os_thread,
        records: Mutex::new(Records {
            list: Vec::new(),
            dropped: 0,
            running: None,
            knows_root: false,
            last_counters: (0, 0, 0),
        }),
    }));
    lock(&ROWS).push(row);
    Some(Box::new(row))
}

/// Returns whether the timeline has begun in this process. In the child of a fork its locks may be held by OS threads
/// that the child does not have.
fn is_of_this_process() -> bool {
    (BEGUN.get()).is_some_and(|(_, forks)| *forks == hub::forks())
}

/// Returns the rows so far.
pub(super) fn rows() -> Vec<&'static Row> {
    lock(&ROWS).clone()
}

/// Notes what the program has just patched or restored.
pub(crate) fn note(what: &dyn fmt::Display) {
    if !is_of_this_process() {
        return;
    }
    let _inside = boundary::enter();
    let note = (now(), what.to_string());
    lock(&NOTES).push(note);
}

/// Takes the notes so far, each with its time.
pub(super) fn take_notes() -> Vec<(u64, String)> {
    mem::take(&mut lock(&NOTES))
}

/// Returns the nanoseconds since the timeline began.
pub(super) fn now() -> u64 {
    let nanoseconds = BEGUN.get().map(|(begun, _)| begun.elapsed().as_nanos());
    nanoseconds.map_or(0, |nanoseconds| {
        u64::try_from(nanoseconds).unwrap_or(u64::MAX)
    })
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Row {
    /// Takes the records so far. At the end of the process, `is_last` also ends the slice of the thread that runs.
    pub(super) fn take(&self, is_last: bool) -> Taken {
        let mut records = lock(&self.records);
        if is_last && let Some((thread, from, reason)) = records.running.take() {
            records.add(Record::Slice {
                thread,
                from,
                to: now(),
                reason,
            });
        }
        Taken {
            records: mem::take(&mut records.list),
            dropped: mem::take(&mut records.dropped),
        }
    }
}

impl Observer for &'static Row {
    fn begins(&self, known: Known, is_root: bool, reason: Option<Reason>) {
        let mut records = lock(&self.records);
        let thread = records.identify(&known, is_root);
        let at = now();
        records.running = Some((thread, at, reason));
        if let Some(Reason::Task(cause)) = reason {
            records.add(Record::Arrow(cause, End::Finish, at));
        }
        if matches!(known, Known::NotStarted(_)) && lock(&STARTS).remove(&thread) {
            records.add(Record::Start(thread, End::Finish, at));
        }
    }

    fn ends(&self, turn: Ended, causes: &[Cause]) {
        let at = now();
        let mut records = lock(&self.records);
        let Some((thread, from, reason)) = records.running.take() else {
            return;
        };
        let to = at.max(from + 1);
        records.add(Record::Slice {
            thread,
            from,
            to,
            reason,
        });
        for cause in causes {
            // Within the slice, which viewers take to be without its end.
            records.add(Record::Arrow(*cause, End::Start, to - 1));
        }
        if turn.has_ended {
            records.add_surely(Record::Ended(thread));
        }
        records.count(at, turn);
    }

    fn sends(&self, cause: Cause) {
        let mut records = lock(&self.records);
        if records.running.is_some() {
            records.add(Record::Arrow(cause, End::Start, now()));
        }
    }

    fn starts(&self, tag: NonNull<()>) {
        // SAFETY: the tag is that of `green::thread`; by invariant 1 the thread has not started, so its runner is there.
        let identity = unsafe { tag.cast::<LazyIdentity>().as_ref() };
        let thread = identity.number().get();
        let mut records = lock(&self.records);
        if records.running.is_some() && records.list.len() < LIMIT {
            records.add(Record::Start(thread, End::Start, now()));
            lock(&STARTS).insert(thread);
        }
    }
}

impl Records {
    fn add(&mut self, record: Record) {
        if self.list.len() < LIMIT {
            self.list.push(record);
        } else {
            self.dropped += 1;
        }
    }

    fn add_thread(&mut self, identity: &LazyIdentity) {
        let name = identity.name().map(Box::from);
        let thread = identity.number().get();
        let location = Some(identity.location());
        self.add_surely(Record::Thread(thread, name, location));
    }

    /// Adds what gives other records a meaning, up to twice the limit.
    fn add_surely(&mut self, record: Record) {
        if self.list.len() < 2 * LIMIT {
            self.list.push(record);
        } else {
            self.dropped += 1;
        }
    }

    /// Returns the number of a thread.
    fn identify(&mut self, known: &Known, is_root: bool) -> u64 {
        match known {
            Known::NotStarted(Some(tag)) => {
                // SAFETY: the tag is that of `green::thread`; by invariant 1 the thread has not started, so its
                // runner is there.
                let identity = unsafe { tag.cast::<LazyIdentity>().as_ref() };
                self.add_thread(identity);
                identity.number().get()
            }
            Known::Started(Some(context)) => {
                // SAFETY: by invariant 1 it is the context of a green thread that has not ended.
                let context = unsafe { context.cast::<Context>().as_ref() };
                context.number().get()
            }
            Known::Started(None) if is_root => {
                let identity = context::native_identity();
                if !mem::replace(&mut self.knows_root, true) {
                    let (id, name) = (identity.id.get(), identity.name.clone());
                    self.add_surely(Record::Thread(id, name, None));
                }
                identity.id.get()
            }
            // One that begins or ends.
            Known::NotStarted(None) | Known::Started(None) => 0,
        }
    }

    fn count(&mut self, at: u64, turn: Ended) {
        let [ready, alive] =
            [turn.ready, turn.alive].map(|count| u32::try_from(count).unwrap_or(u32::MAX));
        let (last, ready_then, alive_then) = self.last_counters;
        let is_news = (ready, alive) != (ready_then, alive_then);
        if is_news && (at >= last + BETWEEN_COUNTERS || ready == 0) {
            self.last_counters = (at, ready, alive);
            self.add(Record::Counters { at, ready, alive });
        }
    }
}
