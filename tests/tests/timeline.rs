//! The trace of what runs on hubs. Each scenario is a process of its own, this program run again, whose trace is
//! parsed.
#![allow(missing_docs, unreachable_pub)]
#![allow(unsafe_code)]

use std::collections::{HashMap, HashSet};
use std::fs;
use std::hint;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use greenpatch::sync::mpsc;
use greenpatch::{BuilderExt, Patcher, Place, thread};
use greenpatch_tests::{Ended, Runner};
use serde_json::Value;

#[path = "../../examples/timeline.rs"]
mod timeline_example;

fn main() {
    let mut runner = Runner::from_args();
    let mut traced = |name: &'static str, child: fn(), check: fn(&Ended, &Trace)| {
        let path = path_of(name);
        let variable = path.clone();
        let set = move |command: &mut Command| _ = command.env("GREENPATCH_TRACE", variable);
        runner.scenario(name, child, set, |ended| {
            let trace = Trace::read(&path);
            fs::remove_file(&path).unwrap();
            check(ended, &trace);
        });
    };
    traced("the example", || timeline_example::main().unwrap(), example);
    traced("every switch is a slice", yields, check_yields);
    traced("exit in a green thread", exits, |ended, trace| {
        ended.with_code(3);
        assert!(trace.slice_of("last").is_some());
    });
    traced("two workers", workers, check_workers);
    traced("spawns on other workers", spawns, check_spawns);
    traced("timers and descriptors", reasons, check_reasons);
    traced("many threads come and go", many, |ended, trace| {
        ended.well();
        assert_eq!(
            trace.of("X").filter(|slice| name(slice) == "short").count(),
            20_000
        );
    });
    traced("names are escaped", odd_name, |ended, trace| {
        ended.well();
        assert!(trace.slice_of("\"\\\n\u{1f980}").is_some());
    });
    traced(
        "a child of a fork leaves the file alone",
        forks,
        |ended, trace| {
            ended.well();
            assert!(trace.slice_of("parent").is_some());
            assert!(trace.slice_of("child").is_none());
        },
    );
    traced("patching is marked", restores, |ended, trace| {
        ended.well();
        let marks: Vec<&str> = trace.of("i").map(name).collect();
        assert!(marks.contains(&"patch std::thread"), "{marks:?}");
        assert!(
            marks.iter().any(|mark| mark.starts_with("restore ")),
            "{marks:?}"
        );
    });
    traced("a deadlock is still noticed", deadlock, |ended, _| {
        ended.with_code(101);
        ended.said("greenpatch: deadlock");
    });
    let no_folder =
        |command: &mut Command| _ = command.env("GREENPATCH_TRACE", "/no/such/folder/file");
    let refused = || {
        let error = greenpatch::patch_thread().unwrap_err();
        assert!(
            error.to_string().contains("/no/such/folder/file"),
            "{error}"
        );
        assert!(greenpatch::stats().hubs.is_empty());
    };
    runner.scenario(
        "a file that cannot be written",
        refused,
        no_folder,
        Ended::well,
    );
    runner.scenario(
        "a trace cut short",
        killed,
        |_| (),
        |ended| {
            ended.by_signal(libc::SIGKILL);
            let path = PathBuf::from(ended.stdout.trim());
            let text = fs::read_to_string(&path).unwrap();
            fs::remove_file(&path).unwrap();
            // The end is missing, and the last event may be.
            let whole = text.rsplit_once(",\n").unwrap().0.to_owned() + "\n]";
            let trace = Trace::parse(&whole);
            assert!(trace.slice_of("busy").is_some());
        },
    );
    runner.finish();
}

fn path_of(name: &str) -> PathBuf {
    let file = format!(
        "greenpatch-{}-{}.json",
        std::process::id(),
        name.replace(' ', "-")
    );
    std::env::temp_dir().join(file)
}

/// The events of a trace.
struct Trace(Vec<Value>);

fn name(event: &Value) -> &str {
    event["name"].as_str().unwrap()
}

fn time(event: &Value) -> f64 {
    event["ts"].as_f64().unwrap()
}

fn row(event: &Value) -> u64 {
    event["tid"].as_u64().unwrap()
}

/// What an arrow is known by: its category and its number.
fn arrow(event: &Value) -> (&str, u64) {
    (
        event["cat"].as_str().unwrap(),
        event["id"].as_u64().unwrap(),
    )
}

impl Trace {
    fn read(path: &PathBuf) -> Trace {
        Trace::parse(&fs::read_to_string(path).unwrap())
    }

    /// Parses a trace, and checks what holds for each.
    fn parse(text: &str) -> Trace {
        let trace = Trace(serde_json::from_str(text).unwrap());
        let pids: HashSet<u64> = trace
            .0
            .iter()
            .map(|event| event["pid"].as_u64().unwrap())
            .collect();
        assert_eq!(pids.len(), 1, "{pids:?}");
        trace.check_slices();
        trace.check_arrows();
        trace
    }

    fn of<'a>(&'a self, phase: &'a str) -> impl Iterator<Item = &'a Value> {
        self.0.iter().filter(move |event| event["ph"] == phase)
    }

    fn slice_of(&self, thread: &str) -> Option<&Value> {
        self.of("X").find(|slice| name(slice) == thread)
    }

    fn rows(&self) -> HashMap<u64, Vec<(f64, f64)>> {
        let mut rows: HashMap<u64, Vec<(f64, f64)>> = HashMap::new();
        for slice in self.of("X") {
            let length = slice["dur"].as_f64().unwrap();
            let times = (time(slice), time(slice) + length);
            rows.entry(row(slice)).or_default().push(times);
        }
        rows
    }

    /// The slices of a row follow each other, and each row has a name.
    fn check_slices(&self) {
        let named: HashSet<u64> = (self.of("M"))
            .filter(|event| name(event) == "thread_name")
            .map(row)
            .collect();
        for (row, mut slices) in self.rows() {
            assert!(named.contains(&row), "{row}");
            slices.sort_by(|one, other| one.partial_cmp(other).unwrap());
            for pair in slices.windows(2) {
                // Times are written in full nanoseconds, and parsed as floating point.
                assert!(pair[0].1 <= pair[1].0 + 0.0005, "{pair:?}");
            }
        }
    }

    /// Each arrow ends no earlier than it starts, and starts and ends within slices. One that does not end wakes a
    /// thread that did not run again.
    fn check_arrows(&self) {
        let rows = self.rows();
        let is_in_a_slice = |event: &Value| {
            let slices = &rows[&row(event)];
            let at = time(event);
            slices
                .iter()
                .any(|(from, to)| *from <= at + 0.0005 && at <= to + 0.0005)
        };
        let mut starts = HashMap::new();
        for start in self.of("s") {
            assert!(starts.insert(arrow(start), start).is_none(), "{start}");
        }
        let few = self.0.len() < 10_000;
        for finish in self.of("f") {
            let start = starts
                .remove(&arrow(finish))
                .unwrap_or_else(|| panic!("{finish}"));
            assert!(time(start) <= time(finish), "{start} {finish}");
            if few {
                assert!(is_in_a_slice(start), "{start}");
                assert!(is_in_a_slice(finish), "{finish}");
            }
        }
    }
}

fn example(ended: &Ended, trace: &Trace) {
    ended.well();
    assert_eq!(trace.rows().len(), 1);
    let slices: HashSet<&str> = trace.of("X").map(name).collect();
    let expected = ["main", "guests", "cook 0", "cook 1", "cook 2"];
    assert_eq!(slices, HashSet::from(expected));
    let spawned_at = |thread| trace.slice_of(thread).unwrap()["args"]["spawned_at"].as_str();
    assert!(spawned_at("guests").unwrap().contains("timeline.rs:"));
    assert_eq!(spawned_at("main"), None);
    // Cooks and the main thread wait for each other.
    assert!(trace.of("f").filter(|arrow| name(arrow) == "wake").count() >= 4);
    assert_eq!(
        trace.of("f").filter(|arrow| name(arrow) == "spawn").count(),
        4
    );
    let alive = trace
        .of("C")
        .map(|counters| counters["args"]["alive"].as_u64().unwrap());
    assert_eq!(alive.max(), Some(4));
}

fn yields() {
    greenpatch::patch_thread().unwrap();
    let body = || (0..10).for_each(|_| thread::yield_now());
    let threads: Vec<_> = (0..2)
        .map(|_| {
            thread::Builder::new()
                .name("yields".into())
                .spawn(body)
                .unwrap()
        })
        .collect();
    threads
        .into_iter()
        .for_each(|thread| thread.join().unwrap());
    let counters = greenpatch::stats().total;
    println!("{}", counters.switches);
}

fn check_yields(ended: &Ended, trace: &Trace) {
    ended.well();
    let slices = trace.of("X").filter(|slice| name(slice) == "yields");
    assert_eq!(slices.count(), 22);
    // Those of the main thread, too.
    let switches: usize = ended.stdout.trim().parse().unwrap();
    assert_eq!(trace.of("X").count(), switches);
    // A thread that yields is not woken.
    let wakes = trace.of("s").filter(|arrow| name(arrow) == "wake").count();
    assert!((1..=2).contains(&wakes), "{wakes}");
}

fn exits() {
    greenpatch::patch_all().unwrap();
    let exits = || greenpatch::process::exit(3);
    let last = thread::Builder::new().name("last".into());
    last.spawn(exits).unwrap().join().unwrap();
}

fn workers() {
    Patcher::new().workers(2).apply().unwrap();
    // Both may have begun on the same worker.
    let are_apart = (0..1000).any(|_| {
        let [ping, pong] = play();
        ping != pong
    });
    assert!(are_apart);
}

/// Has two threads send numbers to each other, and returns the OS threads that they ran on.
fn play() -> [u64; 2] {
    let (to_pong, from_ping) = mpsc::channel::<u32>();
    let (to_ping, from_pong) = mpsc::channel::<u32>();
    // Each holds its worker for a while, unless the other has begun.
    let begun = Arc::new(AtomicUsize::new(0));
    let meet = move || {
        let start = Instant::now();
        begun.fetch_add(1, Ordering::AcqRel);
        while begun.load(Ordering::Acquire) < 2 && start.elapsed() < Duration::from_millis(10) {
            hint::spin_loop();
        }
    };
    let ping = thread::Builder::new().name("ping".into());
    let ping = ping.spawn({
        let meet = meet.clone();
        move || {
            meet();
            for number in 0..100 {
                to_pong.send(number).unwrap();
                assert_eq!(from_pong.recv(), Ok(number));
            }
            greenpatch::native_thread_id()
        }
    });
    let pong = thread::Builder::new().name("pong".into());
    let pong = pong.spawn(move || {
        meet();
        for number in from_ping {
            to_ping.send(number).unwrap();
        }
        greenpatch::native_thread_id()
    });
    [ping, pong].map(|thread| thread.unwrap().join().unwrap())
}

fn check_workers(ended: &Ended, trace: &Trace) {
    ended.well();
    assert_eq!(trace.rows().len(), 2);
    let starts: HashMap<(&str, u64), u64> = (trace.of("s"))
        .map(|start| (arrow(start), row(start)))
        .collect();
    let crosses = |finish: &&Value| {
        let start = starts.get(&arrow(finish));
        start.is_some_and(|start| *start != row(finish))
    };
    assert!(trace.of("f").filter(crosses).count() > 10);
}

/// A thread on each worker spawns one on each, and some for either.
fn spawns() {
    Patcher::new().workers(2).apply().unwrap();
    let named = |name: &str| thread::Builder::new().name(name.into());
    let spawners = [0, 1].map(|own| {
        let spawner = named("spawner").place(Place::Worker(own));
        let body = move || {
            for other in [0, 1] {
                let placed = named("placed").place(Place::Worker(other));
                placed.spawn(|| ()).unwrap().join().unwrap();
            }
            named("anywhere").spawn(|| ()).unwrap().join().unwrap();
        };
        spawner.spawn(body).unwrap()
    });
    for spawner in spawners {
        spawner.join().unwrap();
    }
}

fn check_spawns(ended: &Ended, trace: &Trace) {
    ended.well();
    let is_spawn = |arrow: &&Value| name(arrow) == "spawn";
    let starts: HashMap<(&str, u64), u64> = (trace.of("s").filter(is_spawn))
        .map(|start| (arrow(start), row(start)))
        .collect();
    // Two on each worker and one anywhere, twice; those that `main` has spawned have no arrow.
    assert_eq!(starts.len(), 6, "{starts:?}");
    let finishes: Vec<&Value> = trace.of("f").filter(is_spawn).collect();
    assert_eq!(finishes.len(), 6);
    let crosses = |finish: &&&Value| starts[&arrow(finish)] != row(finish);
    assert!(finishes.iter().filter(crosses).count() >= 2);
    // Each leads to the first slice of the thread.
    for finish in finishes {
        let begins = |slice: &&Value| row(slice) == row(finish) && time(slice) == time(finish);
        let slice = trace.of("X").find(begins).unwrap();
        assert!(["placed", "anywhere"].contains(&name(slice)), "{slice}");
    }
}

fn reasons() {
    Patcher::new().apply().unwrap();
    let named = |name: &str| thread::Builder::new().name(name.into());
    let sleeps = named("sleeps").spawn(|| thread::sleep(Duration::from_millis(2)));
    let (mut ours, theirs) = greenpatch::os::unix::net::UnixStream::pair().unwrap();
    let reads = named("reads").spawn(move || {
        let mut theirs = theirs;
        theirs.read_exact(&mut [0]).unwrap();
    });
    let (sender, receiver) = mpsc::channel();
    let receives = named("receives").spawn(move || receiver.recv().unwrap());
    sleeps.unwrap().join().unwrap();
    ours.write_all(&[1]).unwrap();
    reads.unwrap().join().unwrap();
    sender.send(()).unwrap();
    receives.unwrap().join().unwrap();
}

fn check_reasons(ended: &Ended, trace: &Trace) {
    ended.well();
    for (thread, reason) in [
        ("sleeps", Some("timer")),
        ("reads", Some("descriptor")),
        ("receives", None),
    ] {
        let slices: Vec<Option<&str>> = (trace.of("X"))
            .filter(|slice| name(slice) == thread)
            .map(|slice| slice["args"]["woken_by"].as_str())
            .collect();
        assert_eq!(slices, [None, reason], "{thread}");
    }
}

fn many() {
    greenpatch::patch_thread().unwrap();
    for _ in 0..20 {
        let threads: Vec<_> = (0..1000)
            .map(|_| {
                thread::Builder::new()
                    .name("short".into())
                    .spawn(|| ())
                    .unwrap()
            })
            .collect();
        threads
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
    }
}

fn odd_name() {
    greenpatch::patch_thread().unwrap();
    let odd = thread::Builder::new().name("\"\\\n\u{1f980}".into());
    odd.spawn(|| ()).unwrap().join().unwrap();
}

fn forks() {
    greenpatch::patch_thread().unwrap();
    // SAFETY: this process has no other thread that holds a lock: that of the trace holds its own alone, which the
    // child does not take.
    let child = unsafe { libc::fork() };
    let name = if child == 0 { "child" } else { "parent" };
    let named = thread::Builder::new().name(name.into());
    named.spawn(thread::yield_now).unwrap().join().unwrap();
    if child == 0 {
        // SAFETY: it runs the handlers of `atexit`, which is what is tested.
        unsafe { libc::exit(0) };
    }
    let mut status = 0;
    // SAFETY: the place is valid for the write.
    assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
    assert_eq!(status, 0);
}

fn restores() {
    greenpatch::patch_thread().unwrap();
    thread::spawn(|| ()).join().unwrap();
    while greenpatch::restore().is_err() {
        thread::yield_now();
    }
}

fn deadlock() {
    let policy = greenpatch::Deadlock::Panic;
    Patcher::new().on_deadlock(policy).apply().unwrap();
    thread::park();
}

fn killed() {
    let path = path_of("killed");
    println!("{}", path.display());
    Patcher::new().trace(&path).apply().unwrap();
    let busy = thread::Builder::new().name("busy".into());
    let busy = busy.spawn(|| (0..100).for_each(|_| thread::sleep(Duration::from_micros(100))));
    busy.unwrap().join().unwrap();
    let start = Instant::now();
    // Until the file has that.
    while !fs::read_to_string(&path).unwrap().contains("\"busy\"") {
        assert!(start.elapsed() < Duration::from_secs(60));
        thread::sleep(Duration::from_millis(1));
    }
    let process = std::process::id().cast_signed();
    // SAFETY: it ends this process.
    unsafe { libc::kill(process, libc::SIGKILL) };
}
