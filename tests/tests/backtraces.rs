//! The backtraces in dumps and in reports of deadlocks. Each scenario is a process of its own, this program run again.
#![allow(missing_docs, unreachable_pub)]
#![allow(unsafe_code)]

use std::cell::Cell;
use std::hint::black_box;
use std::io::Read;
use std::os::fd::AsRawFd;
use std::panic::{self, AssertUnwindSafe};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use greenpatch::inspect::{DumpOptions, Frame, ThreadReport, ThreadState};
use greenpatch::net::{TcpListener, TcpStream};
use greenpatch::sync::{Condvar, Mutex, mpsc};
use greenpatch::{Deadlock, Dump, Patcher, thread};
use greenpatch_tests::Runner;

#[path = "../../examples/backtraces.rs"]
mod backtraces_example;

/// Whether suspended threads have backtraces.
const CAN_TRACE: bool = cfg!(all(
    target_arch = "x86_64",
    target_pointer_width = "64",
    target_os = "linux",
    not(greenpatch_corosensei)
));

fn main() {
    let mut runner = Runner::from_args();
    for (name, child) in [
        ("each wait", each_wait as fn()),
        ("the root, and the thread that asks", root_and_running),
        ("threads of other OS threads", other_hubs),
        (
            "threads that have not begun, and none asked for",
            nothing_there,
        ),
        ("small stacks", small_stacks),
        ("JSON", json),
        ("threads run on unharmed", unharmed),
        ("threads that come and go", come_and_go),
        ("many threads", many),
    ] {
        runner.scenario(name, child, |_| (), |ended| ended.well());
    }
    let example = || backtraces_example::main().unwrap();
    runner.scenario(
        "the example",
        example,
        |_| (),
        |ended| {
            ended.well();
            let mut rest = ended.stdout.as_str();
            let mut said = |text: &str| {
                let place = rest.find(text);
                rest = &rest[place.unwrap_or_else(|| panic!("{text}\n{ended}"))..];
            };
            said("2 green threads on 1 hub");
            said("the OS thread's own stack: running\n      ");
            said("::dump");
            if CAN_TRACE && cfg!(debug_assertions) {
                for text in [
                    "thread 2: waiting for a message",
                    "recv",
                    "next_order",
                    "take_orders",
                ] {
                    said(text);
                }
                for text in ["thread 3: waiting for mutex", "lock", "count"] {
                    said(text);
                }
            }
        },
    );
    let with =
        |value: &'static str| move |command: &mut Command| _ = command.env("RUST_BACKTRACE", value);
    runner.scenario("std's lock is held", lock_is_held, with("1"), |ended| {
        ended.well();
    });
    runner.scenario("full backtraces", full, with("full"), |ended| ended.well());
    for (value, is_asked) in [("1", true), ("0", false)] {
        let name = format!("a deadlock, RUST_BACKTRACE={value}");
        runner.scenario(&name, deadlock, with(value), |ended| {
            ended.by_abort();
            ended.said("no thread of this process can run again");
            // The root, which looks for deadlocks, has one everywhere.
            assert_eq!(ended.stderr.contains("inner"), is_asked, "{ended}");
        });
        let name = format!("a signal, RUST_BACKTRACE={value}");
        runner.scenario(&name, signal, with(value), |ended| {
            ended.well();
            ended.said("\"parks\"");
            let expected = is_asked && CAN_TRACE;
            assert_eq!(ended.stderr.contains("inner"), expected, "{ended}");
        });
    }
    runner.finish();
}

/// Waits in two functions of its own.
#[inline(never)]
fn outer<T>(wait: impl FnOnce() -> T) -> T {
    let mut result = None;
    let mut wait = Some(wait);
    inner(&mut || result = wait.take().map(|wait| wait()));
    black_box(&result);
    result.unwrap()
}

#[inline(never)]
fn inner(wait: &mut dyn FnMut()) {
    wait();
    black_box(());
}

fn patch() {
    assert!(greenpatch::patch_all().unwrap().is_done());
}

fn named<T: Send + 'static>(
    name: &str,
    body: impl FnOnce() -> T + Send + 'static,
) -> thread::JoinHandle<T> {
    let builder = thread::Builder::new().name(name.to_owned());
    builder.spawn(body).unwrap()
}

fn dump() -> Dump {
    DumpOptions::new().backtraces(true).dump()
}

fn find<'a>(dump: &'a Dump, name: &str) -> &'a ThreadReport {
    let is_named = |thread: &&ThreadReport| thread.name.as_deref() == Some(name);
    let found = dump.threads().find(is_named);
    found.unwrap_or_else(|| panic!("{name}\n{dump}"))
}

fn place_of(frames: &[Frame], name: &str) -> Option<usize> {
    // With little debug information it is the bare name, or has type arguments. Closures within come before.
    frames.iter().rposition(|frame| {
        let function = frame.function.split("<").next().unwrap_or_default();
        let function = function.trim_end_matches("::");
        function.rsplit("::").next() == Some(name)
    })
}

/// Checks the backtrace of a thread that waits in `outer`, and returns it.
#[track_caller]
fn check<'a>(dump: &'a Dump, thread: &'a ThreadReport) -> &'a [Frame] {
    let Some(frames) = &thread.backtrace else {
        assert!(!CAN_TRACE && thread.no_backtrace.is_some(), "{dump}");
        return &[];
    };
    assert_eq!(thread.no_backtrace, None);
    let inner = place_of(frames, "inner").unwrap_or_else(|| panic!("{dump}"));
    let outer = place_of(frames, "outer").unwrap_or_else(|| panic!("{dump}"));
    assert!(inner < outer, "{dump}");
    for frame in frames {
        for hidden in [
            "greenpatch::hub",
            "greenpatch::coroutine",
            "short_backtrace",
            "force_capture",
        ] {
            assert!(!frame.function.contains(hidden), "{frame}\n{dump}");
        }
    }
    frames
}

fn each_wait() {
    patch();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (mut server, _) = listener.accept().unwrap();
    static LOCK: Mutex<()> = Mutex::new(());
    static OTHER: (Mutex<()>, Condvar) = (Mutex::new(()), Condvar::new());
    let held = LOCK.lock().unwrap();
    let (sender, receiver) = mpsc::channel::<()>();
    let (full, empty) = mpsc::sync_channel::<()>(0);
    let parks = named("park", || outer(|| thread::park()));
    let end = parks.thread().clone();
    let waits = [
        named("mutex", || outer(|| drop(LOCK.lock()))),
        named("condvar", || {
            outer(|| drop(OTHER.1.wait(OTHER.0.lock().unwrap())))
        }),
        named("receive", move || outer(|| _ = receiver.recv())),
        named("send", move || outer(|| _ = full.send(()))),
        named("sleep", || {
            outer(|| thread::sleep(Duration::from_secs(1000)))
        }),
        named("read", move || outer(|| drop(server.read(&mut [0])))),
        named("join", move || outer(|| drop(parks.join()))),
        named("scope", || {
            outer(|| thread::scope(|scope| drop(scope.spawn(|| LOCK.lock().is_ok()))))
        }),
    ];
    let names: Vec<String> = (waits.iter())
        .map(|wait| wait.thread().name().unwrap().to_owned())
        .collect();
    let is_waiting = |thread: &ThreadReport| thread.state == ThreadState::Waiting;
    let dump = loop {
        let dump = dump();
        if dump.threads().filter(|thread| is_waiting(thread)).count() == 10 {
            break dump;
        }
        thread::yield_now();
    };
    for name in names.iter().map(String::as_str).chain(["park"]) {
        let thread = find(&dump, name);
        let frames = check(&dump, thread);
        if CAN_TRACE {
            assert!(
                dump.to_string().contains(&format!("      {}", frames[0])),
                "{dump}"
            );
        }
    }
    drop(held);
    OTHER.1.notify_all();
    drop((sender, client));
    assert!(empty.recv().is_ok());
    end.unpark();
    for wait in waits
        .into_iter()
        .filter(|wait| wait.thread().name() != Some("sleep"))
    {
        wait.join().unwrap();
    }
}

fn root_and_running() {
    patch();
    let dumps = named("dumps", || outer(dump));
    let dump = outer(|| dumps.join().unwrap());
    let running = find(&dump, "dumps");
    assert!(
        running.backtrace.is_some(),
        "the one that runs has one everywhere"
    );
    check(&dump, running);
    let root = dump.threads().find(|thread| thread.is_root).unwrap();
    let frames = check(&dump, root);
    if CAN_TRACE {
        assert!(
            place_of(frames, "root_and_running").is_some() || !cfg!(debug_assertions),
            "{dump}"
        );
        assert!(place_of(frames, "main").is_some(), "{dump}");
    }
    let own = outer(self::dump);
    let root = own.threads().find(|thread| thread.is_root).unwrap();
    assert!(root.backtrace.is_some(), "{own}");
    check(&own, root);
}

fn other_hubs() {
    let patcher = Patcher::new().workers(2);
    assert!(patcher.apply().unwrap().is_done());
    let parked: Vec<_> = (0..4)
        .map(|_| named("parks", || outer(|| thread::park())))
        .collect();
    let dump = loop {
        let dump = dump();
        let waiting = dump.threads().filter(|thread| thread.wait.is_some());
        if waiting.count() == 4 {
            break dump;
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    for thread in dump.threads().filter(|thread| !thread.is_root) {
        check(&dump, thread);
    }
    for thread in parked {
        thread.thread().unpark();
        thread.join().unwrap();
    }
}

/// A thread that panics holds std's lock while it writes its backtrace, here to a pipe that nothing reads.
fn lock_is_held() {
    patch();
    let parked = named("parks", || outer(|| thread::park()));
    thread::yield_now();
    let (mut reader, writer) = std::io::pipe().unwrap();
    // SAFETY: the standard error is kept, and replaced by the pipe.
    let kept = unsafe { libc::dup(2) };
    // SAFETY: as above.
    assert_eq!(unsafe { libc::dup2(writer.as_raw_fd(), 2) }, 2);
    drop(writer);
    // SAFETY: it sets a flag of the pipe, and takes it away.
    unsafe { libc::fcntl(2, libc::F_SETFL, libc::O_NONBLOCK) };
    // SAFETY: the bytes are there.
    while unsafe { libc::write(2, [0_u8; 4096].as_ptr().cast(), 4096) } > 0 {}
    // SAFETY: as above.
    unsafe { libc::fcntl(2, libc::F_SETFL, 0) };
    let (sender, number) = std::sync::mpsc::channel();
    let panics = std::thread::spawn(move || {
        sender.send(greenpatch::native_thread_id()).unwrap();
        panic!("into the pipe")
    });
    let system_call = format!("/proc/self/task/{}/syscall", number.recv().unwrap());
    // It writes to the standard error (x86-64).
    while CAN_TRACE
        && !std::fs::read_to_string(&system_call)
            .unwrap()
            .starts_with("1 0x2 ")
    {
        std::thread::sleep(Duration::from_millis(1));
    }
    let dump = dump();
    let reads = std::thread::spawn(move || {
        let mut text = Vec::new();
        drop(reader.read_to_end(&mut text));
        text
    });
    assert!(panics.join().is_err());
    // SAFETY: the standard error is put back, which closes the pipe.
    assert_eq!(unsafe { libc::dup2(kept, 2) }, 2);
    let text = String::from_utf8_lossy(&reads.join().unwrap()).into_owned();
    assert!(text.contains("into the pipe"), "{text}");
    let reason = find(&dump, "parks").no_backtrace.unwrap();
    assert!(
        reason.contains("writing a backtrace") || !CAN_TRACE,
        "{dump}"
    );
    check(&self::dump(), find(&self::dump(), "parks"));
    parked.thread().unpark();
    parked.join().unwrap();
}

fn nothing_there() {
    patch();
    let new = named("new", || ());
    let dump = dump();
    let thread = find(&dump, "new");
    assert_eq!((&thread.backtrace, thread.no_backtrace), (&None, None));
    let parks = named("parks", || thread::park());
    thread::yield_now();
    let dump = greenpatch::dump();
    for thread in dump.threads() {
        assert_eq!((&thread.backtrace, thread.no_backtrace), (&None, None));
    }
    assert!(!dump.to_json().contains("\"backtrace\":"));
    parks.thread().unpark();
    parks.join().unwrap();
    new.join().unwrap();
}

fn small_stacks() {
    patch();
    let small = |name: &str, size| thread::Builder::new().name(name.into()).stack_size(size);
    let parks = small("small", 32 << 10);
    let parks = parks.spawn(|| outer(|| thread::park())).unwrap();
    // A suspended thread needs no room of its own.
    thread::yield_now();
    let dump = dump();
    check(&dump, find(&dump, "small"));
    // One that asks does; here it has used up most of what it has.
    #[inline(never)]
    fn deep(room: usize, lowest: usize) -> Dump {
        let here = black_box([0_u8; 64]);
        match here.as_ptr().addr().checked_sub(lowest) {
            Some(left) if left > room => deep(room, black_box(lowest)),
            _ => self::dump(),
        }
    }
    let dumps = small("dumps", 256 << 10);
    let dumps = dumps
        .spawn(|| {
            let top = black_box(0_u8);
            deep(30 << 10, (&raw const top).addr() - (256 << 10))
        })
        .unwrap();
    let dump = dumps.join().unwrap();
    for thread in dump.threads() {
        assert_eq!(thread.backtrace, None, "{dump}");
        assert!(thread.no_backtrace.unwrap().contains("too little room"));
    }
    assert!(dump.to_string().contains("no backtrace: its hub"), "{dump}");
    assert!(dump.to_json().contains("\"no_backtrace\":\"its hub"));
    parks.thread().unpark();
    parks.join().unwrap();
}

fn json() {
    patch();
    let parks = named("parks", || outer(|| thread::park()));
    thread::yield_now();
    let dump = dump();
    let json: serde_json::Value = serde_json::from_str(&dump.to_json()).unwrap();
    let threads = json["hubs"][0]["threads"].as_array().unwrap();
    let thread = threads
        .iter()
        .find(|thread| thread["name"] == "parks")
        .unwrap();
    if let Some(frames) = &find(&dump, "parks").backtrace {
        let list = thread["backtrace"].as_array().unwrap();
        assert_eq!(list.len(), frames.len());
        for (json, frame) in list.iter().zip(frames) {
            assert_eq!(json["function"], frame.function);
            assert_eq!(json["file"].as_str(), frame.file.as_deref());
            assert_eq!(json["line"].as_u64(), frame.line.map(u64::from));
            assert_eq!(json["column"].as_u64(), frame.column.map(u64::from));
        }
        if cfg!(debug_assertions) {
            let inner = &frames[place_of(frames, "inner").unwrap()];
            assert!(
                inner
                    .file
                    .as_ref()
                    .unwrap()
                    .ends_with("tests/backtraces.rs"),
                "{inner}"
            );
            assert!(inner.line.is_some() && inner.column.is_some());
        }
    }
    parks.thread().unpark();
    parks.join().unwrap();
}

fn full() {
    patch();
    let parks = named("parks", || outer(|| thread::park()));
    thread::yield_now();
    let dump = dump();
    if let Some(frames) = &find(&dump, "parks").backtrace {
        let has = |name: &str| frames.iter().any(|frame| frame.function.contains(name));
        assert!(has("inner") && has("begin_short_backtrace"), "{dump}");
        assert!(has("greenpatch::coroutine"), "{dump}");
    }
    parks.thread().unpark();
    parks.join().unwrap();
}

/// Two threads send each other numbers, unwind, and drop values, while a third makes dumps.
fn unharmed() {
    struct Counts<'a>(&'a Cell<u64>);
    impl Drop for Counts<'_> {
        fn drop(&mut self) {
            self.0.set(self.0.get() + 1);
        }
    }

    fn play(from: &mpsc::Receiver<u64>, to: &mpsc::Sender<u64>) -> (u64, f64, u64) {
        let (mut sum, mut half) = (0_u64, 0.5_f64);
        let dropped = Cell::new(0);
        while let Ok(number) = from.recv() {
            let caught = panic::catch_unwind(AssertUnwindSafe(|| {
                let _counts = Counts(&dropped);
                let _more = outer(|| {
                    thread::yield_now();
                    Counts(&dropped)
                });
                half = half * 0.5 + number as f64;
                if number % 3 == 0 {
                    panic::resume_unwind(Box::new(number));
                }
                number
            }));
            let value = caught.unwrap_or_else(|payload| *payload.downcast::<u64>().unwrap());
            assert_eq!(value, number);
            sum = sum.wrapping_mul(31).wrapping_add(value);
            if to.send(number + 1).is_err() || number >= LAST {
                break;
            }
        }
        (sum, half, dropped.get())
    }

    const LAST: u64 = 20_000;

    patch();
    let (to_one, one) = mpsc::channel();
    let (to_other, other) = mpsc::channel();
    to_one.send(1).unwrap();
    let first = named("first", move || outer(|| play(&one, &to_other)));
    let second = named("second", move || outer(|| play(&other, &to_one)));
    let mut dumps = 0;
    while !first.is_finished() || !second.is_finished() {
        if dumps < 2000 {
            let dump = dump();
            for thread in dump.threads() {
                if let Some(frames) = &thread.backtrace {
                    assert!(!frames.is_empty(), "{dump}");
                }
            }
            dumps += 1;
        }
        thread::yield_now();
    }
    let expected = |start: u64| {
        let (mut sum, mut half, mut dropped) = (0_u64, 0.5_f64, 0);
        for number in (start..=LAST + 1).step_by(2) {
            half = half * 0.5 + number as f64;
            sum = sum.wrapping_mul(31).wrapping_add(number);
            dropped += 2;
        }
        (sum, half, dropped)
    };
    assert!(dumps >= 1000, "{dumps}");
    let (found, wanted) = (first.join().unwrap(), expected(1));
    assert_eq!(found, wanted);
    let (found, wanted) = (second.join().unwrap(), expected(2));
    assert_eq!(found, wanted);
}

/// Dumps by an OS thread, while threads of a hub begin, wait and end.
fn come_and_go() {
    patch();
    let asks = std::thread::spawn(|| {
        let mut seen = 0;
        for _ in 0..300 {
            seen += dump()
                .threads()
                .filter(|thread| thread.backtrace.is_some())
                .count();
        }
        seen
    });
    while !asks.is_finished() {
        let threads = (0..10).map(|number| {
            thread::spawn(move || {
                outer(|| match number % 3 {
                    0 => thread::yield_now(),
                    1 => thread::sleep(Duration::from_micros(50)),
                    _ => drop(thread::spawn(thread::yield_now).join()),
                });
                number
            })
        });
        let threads: Vec<_> = threads.collect();
        let sum: i32 = threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .sum();
        assert_eq!(sum, 45);
    }
    assert!(asks.join().unwrap() > 0);
}

/// A hub that makes its report for long is not held.
fn many() {
    patch();
    let lock = Arc::new(Mutex::new(()));
    let held = lock.lock().unwrap();
    let threads: Vec<_> = (0..500)
        .map(|_| {
            let lock = Arc::clone(&lock);
            named("waits", move || outer(|| drop(lock.lock())))
        })
        .collect();
    thread::yield_now();
    let asks = std::thread::spawn(dump);
    while !asks.is_finished() {
        thread::sleep(Duration::from_millis(1));
    }
    let dump = asks.join().unwrap();
    let waits = dump
        .threads()
        .filter(|thread| thread.name.as_deref() == Some("waits"));
    assert_eq!(waits.map(|thread| _ = check(&dump, thread)).count(), 500);
    drop(held);
    for thread in threads {
        thread.join().unwrap();
    }
}

fn deadlock() {
    assert!(
        Patcher::new()
            .on_deadlock(Deadlock::Abort)
            .apply()
            .unwrap()
            .is_done()
    );
    let (_sender, receiver) = mpsc::channel::<()>();
    let waits = named("waits", move || outer(|| receiver.recv().is_ok()));
    outer(|| waits.join().is_ok());
}

fn signal() {
    let patcher = Patcher::new().dump_on_signal(libc::SIGUSR1);
    assert!(patcher.apply().unwrap().is_done());
    let parks = named("parks", || outer(|| thread::park()));
    thread::yield_now();
    // SAFETY: raise has no preconditions; the handler writes a dump.
    assert_eq!(unsafe { libc::raise(libc::SIGUSR1) }, 0);
    thread::sleep(Duration::from_secs(3));
    parks.thread().unpark();
    parks.join().unwrap();
}
