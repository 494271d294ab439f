//! The file that a timeline is written to: trace events as JSON, as Chrome and Perfetto read them.
//!
//! The file is an array with one event a line. Its end is written when the process exits. If that is cut short the
//! end is missing, which viewers accept.
#![allow(unsafe_code)]

use std::collections::HashMap;
use std::env;
use std::error::Error;
use std::fs::File;
use std::io::{self, Write};
use std::panic::Location;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use super::json_writer::Json;
use super::os;
use super::timeline::{self, End, Record, Row};
use crate::boundary;
use crate::hub::Reason;

/// The variable that decides, whatever the program says.
const VARIABLE: &str = "GREENPATCH_TRACE";
/// How long the OS thread that writes waits between two looks.
const PAUSE: Duration = Duration::from_millis(5);

/// What writes the file, from the start of the trace to its end.
static TRACE: Mutex<Option<TraceFile>> = Mutex::new(None);

/// The process that has opened the file. A child of a fork has no part in it.
static PROCESS: AtomicU32 = AtomicU32::new(0);

struct TraceFile {
    file: File,
    process: u32,
    /// The events that are to be written next.
    text: String,
    is_first: bool,
    /// The threads that have not ended.
    threads: HashMap<u64, Named>,
    /// How many rows have a name in the file.
    rows: usize,
}

#[derive(Clone, Default)]
struct Named {
    name: Option<Arc<str>>,
    spawned_at: Option<&'static Location<'static>>,
}

/// Begins a trace, if the environment, or else `path`, asks for one and there is none yet.
///
/// # Errors
///
/// If the file cannot be created, or the OS has no thread.
pub(crate) fn start(path: Option<&Path>) -> Result<(), Box<dyn Error + Send + Sync>> {
    let asked = env::var_os(VARIABLE).map(PathBuf::from);
    let asked = asked.filter(|path| !path.as_os_str().is_empty());
    let Some(path) = asked.as_deref().or(path) else {
        return Ok(());
    };
    let _inside = boundary::enter();
    if ![0, process::id()].contains(&PROCESS.load(Ordering::Relaxed)) {
        // The child of a fork.
        return Ok(());
    }
    let mut trace = lock();
    if trace.is_some() {
        return Ok(());
    }
    let path = os::with_process(path);
    let file = File::create(&path)
        .map_err(|error| format!("the trace {} cannot be written: {error}", path.display()))?;
    let writer = thread::Builder::new().name("greenpatch-trace".into());
    writer.spawn(write_on)?;
    if !timeline::begin() {
        // A trace has ended: the process exits.
        return Ok(());
    }
    let mut new = TraceFile {
        file,
        process: process::id(),
        text: String::from("["),
        is_first: true,
        threads: HashMap::new(),
        rows: 0,
    };
    let program = env::args_os().next().unwrap_or_default();
    let program = Path::new(&program).file_name().unwrap_or_default();
    new.name("process_name", None, &program.to_string_lossy());
    PROCESS.store(new.process, Ordering::Relaxed);
    *trace = Some(new);
    // SAFETY: the function may be called at any exit, on any OS thread.
    unsafe { libc::atexit(finish) };
    Ok(())
}

/// The body of the OS thread that writes.
fn write_on() {
    os::add_own_thread();
    loop {
        match lock().as_mut() {
            Some(trace) => trace.write(false),
            None => return,
        }
        #[expect(clippy::disallowed_methods, reason = "an OS thread of its own")]
        thread::sleep(PAUSE);
    }
}

/// Writes what is left, and the end of the file. Called when the process exits.
extern "C" fn finish() {
    // Before the lock: in the child of a fork it may be held by an OS thread that the child does not have.
    if PROCESS.load(Ordering::Relaxed) != process::id() {
        return;
    }
    let _inside = boundary::enter();
    if let Some(mut trace) = lock().take() {
        trace.write(true);
    }
}

fn lock() -> MutexGuard<'static, Option<TraceFile>> {
    TRACE.lock().unwrap_or_else(PoisonError::into_inner)
}

impl TraceFile {
    /// Writes what has been recorded. If the file takes no more, it is lost.
    fn write(&mut self, is_last: bool) {
        let rows = timeline::rows();
        let taken: Vec<_> = rows.iter().map(|row| row.take(is_last)).collect();
        for (number, row) in rows.iter().enumerate().skip(self.rows) {
            self.name_row(number, row);
        }
        self.rows = rows.len();
        let process = self.process;
        for (at, note) in timeline::take_notes() {
            self.event("i", "patch", &note, |json| {
                json.text("s", Some("p"));
                place(json, process, process.into(), at);
            });
        }
        for (row, taken) in rows.iter().zip(taken) {
            for record in taken.records {
                self.record(row, record);
            }
            if taken.dropped > 0 {
                let note = format!("{} events dropped", taken.dropped);
                self.event("i", "dropped", &note, |json| {
                    json.text("s", Some("t"));
                    place(json, process, row.os_thread, timeline::now());
                    json.object("args", |json| json.field("count", taken.dropped));
                });
            }
        }
        if is_last {
            self.text.push_str("\n]\n");
        }
        let _ = self.put();
        self.text.clear();
        // A burst leaves no large buffer behind.
        self.text.shrink_to(1 << 20);
    }

    fn put(&mut self) -> io::Result<()> {
        self.file.write_all(self.text.as_bytes())
    }

    fn name_row(&mut self, number: usize, row: &Row) {
        let mut name = format!("hub {number}");
        if let Some(known) = os::name(row.os_thread) {
            name = format!("{name} ({known})");
        }
        self.name("thread_name", Some(row.os_thread), &name);
    }

    /// Names the process, or a row of it.
    fn name(&mut self, what: &str, row: Option<u64>, name: &str) {
        let process = self.process;
        self.event("M", "__metadata", what, |json| {
            json.field("pid", process);
            json.optional("tid", row);
            json.object("args", |json| json.text("name", Some(name)));
        });
    }

    fn record(&mut self, row: &Row, record: Record) {
        let process = self.process;
        match record {
            Record::Thread(id, name, spawned_at) => {
                let name = name.map(Arc::from);
                self.threads.insert(id, Named { name, spawned_at });
            }
            Record::Ended(id) => {
                self.threads.remove(&id);
            }
            Record::Slice {
                thread,
                from,
                to,
                reason,
            } => self.slice(row, thread, from, to, reason),
            Record::Start(thread, end, at) => {
                let phase = if end == End::Start { "s" } else { "f" };
                // Its number is that of a thread, so it has a category of its own.
                self.event(phase, "start", "spawn", |json| {
                    json.field("id", thread);
                    if end == End::Finish {
                        json.text("bp", Some("e"));
                    }
                    place(json, process, row.os_thread, at);
                });
            }
            Record::Arrow(cause, end, at) => {
                let (phase, name) = match (end, cause.is_spawn) {
                    (End::Start, true) => ("s", "spawn"),
                    (End::Start, false) => ("s", "wake"),
                    (End::Finish, true) => ("f", "spawn"),
                    (End::Finish, false) => ("f", "wake"),
                };
                self.event(phase, name, name, |json| {
                    json.field("id", cause.number);
                    if end == End::Finish {
                        json.text("bp", Some("e"));
                    }
                    place(json, process, row.os_thread, at);
                });
            }
            Record::Counters { at, ready, alive } => {
                let name = format!("threads of hub {}", row.os_thread);
                self.event("C", "threads", &name, |json| {
                    place(json, process, row.os_thread, at);
                    json.object("args", |json| {
                        json.field("ready", ready);
                        json.field("alive", alive);
                    });
                });
            }
        }
    }

    fn slice(&mut self, row: &Row, thread: u64, from: u64, to: u64, reason: Option<Reason>) {
        let process = self.process;
        let known = self.threads.get(&thread).cloned().unwrap_or_default();
        let unnamed = || format!("thread {thread}").into();
        let name: Arc<str> = known.name.unwrap_or_else(unnamed);
        self.event("X", "run", &name, |json| {
            place(json, process, row.os_thread, from);
            json.field("dur", Microseconds(to - from));
            json.object("args", |json| {
                json.field("thread", thread);
                json.location("spawned_at", known.spawned_at);
                match reason {
                    Some(Reason::Timer) => json.text("woken_by", Some("timer")),
                    Some(Reason::Descriptor) => json.text("woken_by", Some("descriptor")),
                    Some(Reason::Task(_)) | None => {}
                }
            });
        });
    }

    /// Adds an event with what every event has.
    fn event(&mut self, phase: &str, category: &str, name: &str, rest: impl FnOnce(&mut Json<'_>)) {
        let separator = if self.is_first { "\n" } else { ",\n" };
        self.is_first = false;
        self.text.push_str(separator);
        Json::between(&mut self.text, ['{', '}'], |json| {
            json.text("ph", Some(phase));
            json.text("cat", Some(category));
            json.text("name", Some(name));
            rest(json);
        });
    }
}

/// Writes the row and the time of an event.
fn place(json: &mut Json<'_>, process: u32, row: u64, at: u64) {
    json.field("pid", process);
    json.field("tid", row);
    json.field("ts", Microseconds(at));
}

/// Nanoseconds that are written as microseconds.
struct Microseconds(u64);

impl std::fmt::Display for Microseconds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{:03}", self.0 / 1000, self.0 % 1000)
    }
}
