//! What `greenpatch::dump` says of threads that wait. Each scenario is a process of its own, this program run again.
#![allow(missing_docs, unreachable_pub)]
#![allow(unsafe_code)]
#![allow(
    clippy::redundant_closure,
    reason = "a closure that calls `park` tells where it does"
)]

use std::io::Read;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex as NativeMutex, mpsc as native_mpsc};
use std::time::{Duration, Instant};

use greenpatch::inspect::{Holder, ThreadReport, ThreadState, WaitKind, WaitReport};
use greenpatch::net::{TcpListener, TcpStream};
use greenpatch::sync::{Barrier, Condvar, Mutex, Once, RwLock, mpsc};
use greenpatch::{Dump, Patcher, thread};
use greenpatch_tests::Runner;

#[path = "../../examples/dump.rs"]
mod dump_example;

const CASES: &[(&str, fn())] = &[
    ("without a hub there is nothing", nothing_is_patched),
    ("each wait has its kind and place", each_kind_of_wait),
    ("a thread that has not started is listed", not_started),
    ("locks name their holders", holders),
    (
        "a lock that was handed over names its new holder",
        handed_over,
    ),
    ("a circle of locks is found", a_circle_of_locks),
    ("a dump knows how deep a stack was", stack_peaks),
    ("a dump knows for how long threads have waited", wait_times),
    (
        "also on a hub that does not sleep",
        wait_times_of_a_busy_hub,
    ),
    ("a hub that is held is reported", a_held_hub),
    ("hubs ask each other at once", hubs_ask_each_other),
    ("dumps while threads come and go", dumps_under_load),
];

fn waited(dump: &Dump, name: &str) -> Duration {
    let is_it = |thread: &&ThreadReport| thread.name.as_deref() == Some(name);
    let thread = dump.threads().find(is_it).unwrap();
    thread.wait.as_ref().unwrap().waited
}

/// How much later than now a clock of the system may be that is exact to some milliseconds.
const TICK: Duration = Duration::from_millis(20);

fn wait_times() {
    greenpatch::patch_thread().unwrap();
    let parks = |name: &str| {
        let builder = thread::Builder::new().name(name.to_owned());
        builder.spawn(|| thread::park()).unwrap()
    };
    let start = Instant::now();
    let old = parks("old");
    thread::sleep(Duration::from_millis(300));
    let between = Instant::now();
    let new = parks("new");
    thread::sleep(Duration::from_millis(100));
    let dump = greenpatch::dump();
    assert!(
        waited(&dump, "old") >= Duration::from_millis(400) - TICK,
        "{dump}"
    );
    assert!(waited(&dump, "old") <= start.elapsed() + TICK, "{dump}");
    assert!(
        waited(&dump, "new") >= Duration::from_millis(100) - TICK,
        "{dump}"
    );
    assert!(waited(&dump, "new") <= between.elapsed() + TICK, "{dump}");
    assert!(dump.to_string().contains(" so far; spawned at"), "{dump}");
    let json: serde_json::Value = serde_json::from_str(&dump.to_json()).unwrap();
    let wait = &json["hubs"][0]["threads"][1]["wait"];
    assert!(wait["waited_seconds"].as_f64().unwrap() > 0.05, "{json}");
    old.thread().unpark();
    new.thread().unpark();
    old.join().unwrap();
    new.join().unwrap();
}

fn wait_times_of_a_busy_hub() {
    greenpatch::patch_thread().unwrap();
    let start = Instant::now();
    let parked = thread::Builder::new().name("parked".into());
    let parked = parked.spawn(|| thread::park()).unwrap();
    let yields = move || {
        while start.elapsed() < Duration::from_millis(300) {
            thread::yield_now();
        }
    };
    let busy = [thread::spawn(yields), thread::spawn(yields)];
    while start.elapsed() < Duration::from_millis(250) {
        thread::yield_now();
    }
    let waited = waited(&greenpatch::dump(), "parked");
    // 16 polls of 61 switches take less than that, also on a busy machine.
    assert!(waited >= Duration::from_millis(50), "{waited:?}");
    assert!(waited <= start.elapsed() + TICK, "{waited:?}");
    busy.map(thread::JoinHandle::join)
        .into_iter()
        .for_each(|ended| ended.unwrap());
    parked.thread().unpark();
    parked.join().unwrap();
}

/// A thread that was deep in its stack once.
fn stack_peaks() {
    #[inline(never)]
    fn deep(levels: usize) -> usize {
        let frame = std::hint::black_box([levels; 512]);
        match levels {
            0 => frame[1],
            _ => std::hint::black_box(deep(levels - 1)) + frame[2],
        }
    }

    greenpatch::patch_thread().unwrap();
    let diver = thread::spawn(|| {
        assert!(deep(100) > 0);
        thread::park();
    });
    thread::yield_now();
    let stack_of = |dump: &Dump| {
        let mut threads = dump.threads();
        threads.find_map(|thread| thread.stack).unwrap()
    };
    assert_eq!(stack_of(&greenpatch::dump()).peak, None);
    let dump = greenpatch::inspect::DumpOptions::new().stack_peaks(true);
    let dump = dump.dump();
    let stack = stack_of(&dump);
    let peak = stack.peak.unwrap();
    assert!((400 << 10..stack.size).contains(&peak), "{stack:?}");
    assert!(stack.used.is_none_or(|used| used < peak), "{stack:?}");
    assert!(dump.to_string().contains(" in memory"), "{dump}");
    diver.thread().unpark();
    diver.join().unwrap();
}

fn main() {
    let mut runner = Runner::from_args();
    for (name, child) in CASES {
        runner.scenario(name, *child, |_| (), |ended| ended.well());
    }
    let example = || dump_example::main().unwrap();
    runner.scenario(
        "the example",
        example,
        |_| (),
        |ended| {
            ended.well();
            let text = &ended.stdout;
            for said in [
                "6 green threads on 1 hub",
                "\"main\" (thread 1), the OS thread's own stack: running",
                "\"cook\" (thread 2): waiting for the end of a sleep",
                "\"waiter\" (thread 3): waiting for mutex",
                "held by \"cook\" (thread 2), at ",
                "\"reader\" (thread 4): waiting for a read lock",
                "\"guest\" (thread 5): waiting for barrier",
                "\"till\" (thread 6): waiting for the end of \"clerk\" (thread 7)",
                "      \"clerk\" (thread 7): waiting for a message from channel",
            ] {
                assert!(text.contains(said), "{said}\n{text}");
            }
            let json = text.lines().last().unwrap();
            let json: serde_json::Value = serde_json::from_str(json).unwrap();
            let threads = json["hubs"][0]["threads"].as_array().unwrap();
            assert_eq!(threads.len(), 7);
            assert_eq!(threads[2]["wait"]["kind"], "mutex");
            assert_eq!(threads[2]["wait"]["holder"], 2);
            assert_eq!(threads[6]["parent"], 6);
        },
    );
    let by_variable = || stuck_until_dumped(&Patcher::new());
    let variable =
        |command: &mut std::process::Command| _ = command.env("GREENPATCH_DUMP", "SIGQUIT");
    for (name, child, configure) in [
        ("a signal writes a dump", dumped_by_usr1 as fn(), None),
        ("the variable names a signal", by_variable, Some(variable)),
    ] {
        let configure = |command: &mut std::process::Command| _ = configure.map(|f| f(command));
        runner.scenario(name, child, configure, |ended| {
            ended.well();
            ended.said("hub 0, OS thread");
            ended.said("held, it does not answer; \"computes\" (thread 2) runs, spawned at");
        });
    }
    runner.scenario(
        "a signal that has a handler",
        taken_signal,
        |_| (),
        |ended| ended.well(),
    );
    runner.finish();
}

fn dumped_by_usr1() {
    stuck_until_dumped(&Patcher::new().dump_on_signal(libc::SIGUSR1));
}

/// Holds its hub until a dump has been written.
fn stuck_until_dumped(patcher: &Patcher) {
    assert!(patcher.clone().apply().unwrap().is_done());
    let signal = match std::env::var_os("GREENPATCH_DUMP") {
        Some(_) => libc::SIGQUIT,
        None => libc::SIGUSR1,
    };
    let computes = named("computes", move || {
        // SAFETY: raise has no preconditions; the handler writes a dump.
        assert_eq!(unsafe { libc::raise(signal) }, 0);
        let start = std::time::Instant::now();
        while start.elapsed() < Duration::from_secs(3) {
            std::hint::spin_loop();
        }
    });
    computes.join().unwrap();
}

fn taken_signal() {
    extern "C" fn nothing(_: libc::c_int) {}

    // SAFETY: the handler does nothing.
    unsafe { libc::signal(libc::SIGUSR1, nothing as *const () as libc::sighandler_t) };
    let error = Patcher::new()
        .dump_on_signal(libc::SIGUSR1)
        .apply()
        .unwrap_err();
    assert!(
        error.to_string().contains("has a handler already"),
        "{error}"
    );
}

fn patch() {
    assert!(greenpatch::patch_all().unwrap().is_done());
}

/// Starts a thread under a name.
#[track_caller]
fn named<T: Send + 'static>(
    name: &str,
    body: impl FnOnce() -> T + Send + 'static,
) -> thread::JoinHandle<T> {
    let builder = thread::Builder::new().name(name.to_owned());
    builder.spawn(body).unwrap()
}

fn find<'a>(dump: &'a Dump, name: &str) -> &'a ThreadReport {
    let is_named = |thread: &&ThreadReport| thread.name.as_deref() == Some(name);
    dump.threads()
        .find(is_named)
        .unwrap_or_else(|| panic!("{name}\n{dump}"))
}

fn wait_of<'a>(dump: &'a Dump, name: &str) -> &'a WaitReport {
    let thread = find(dump, name);
    assert_eq!(thread.state, ThreadState::Waiting, "{name}\n{dump}");
    thread
        .wait
        .as_ref()
        .unwrap_or_else(|| panic!("{name}\n{dump}"))
}

/// Lets other threads run until `dump` has `name` waiting.
fn until_waiting(names: &[&str]) -> Dump {
    loop {
        let dump = greenpatch::dump();
        let waits = |name: &&str| {
            (dump.threads()).any(|thread| {
                thread.name.as_deref() == Some(*name)
                    && thread.state == ThreadState::Waiting
                    && thread.wait.is_some()
            })
        };
        if names.iter().all(waits) {
            return dump;
        }
        thread::yield_now();
    }
}

fn nothing_is_patched() {
    let dump = greenpatch::dump();
    assert_eq!((dump.hubs.len(), dump.cycles.len()), (0, 0));
    assert!(dump.to_string().starts_with("0 green threads on 0 hubs"));
    serde_json::from_str::<serde_json::Value>(&dump.to_json()).unwrap();
}

fn each_kind_of_wait() {
    patch();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (mut server, peer) = listener.accept().unwrap();
    let (sender, full) = mpsc::sync_channel(1);
    let (_empty_sender, empty) = mpsc::channel::<()>();
    static SHARED: (Mutex<()>, Condvar, Barrier, Once) =
        (Mutex::new(()), Condvar::new(), Barrier::new(2), Once::new());
    let shared = &SHARED;
    named("receives", move || empty.recv());
    named("sends", move || while sender.send(()).is_ok() {});
    named("condvar", || drop(shared.1.wait(shared.0.lock().unwrap())));
    named("barrier", || {
        shared.2.wait();
    });
    named("initializes", || shared.3.call_once(|| thread::park()));
    named("once", || shared.3.call_once(|| ()));
    named("parks", || thread::park());
    named("joins", || drop(thread::spawn(|| thread::park()).join()));
    named("scope", || {
        thread::scope(|s| drop(s.spawn(|| thread::park())))
    });
    let threads = [
        ("receives", WaitKind::ChannelReceive),
        ("sends", WaitKind::ChannelSend),
        ("condvar", WaitKind::Condvar),
        ("barrier", WaitKind::Barrier),
        ("initializes", WaitKind::Park),
        ("once", WaitKind::Once),
        ("parks", WaitKind::Park),
        ("joins", WaitKind::Join),
        ("scope", WaitKind::Scope),
    ];
    named("sleeps", || thread::sleep(Duration::from_secs(1000)));
    named("reads", move || server.read(&mut [0; 8]));
    let names: Vec<&str> = threads.iter().map(|(name, _)| *name).collect();
    until_waiting(&names);
    let dump = until_waiting(&["sleeps", "reads"]);
    for (name, kind) in &threads {
        let wait = wait_of(&dump, name);
        assert_eq!(wait.kind, *kind, "{name}\n{dump}");
        assert!(wait.address.is_some() && wait.remaining.is_none());
        let location = wait.location.unwrap();
        assert!(location.file().ends_with("inspection.rs"), "{location}");
        let thread = find(&dump, name);
        assert_eq!(thread.parent, Some(1), "{name}\n{dump}");
        let spawned_at = thread.spawned_at.unwrap();
        assert_eq!(spawned_at.file(), location.file());
        let lines = spawned_at.line()..spawned_at.line() + 4;
        assert!(lines.contains(&location.line()), "{name} {location}");
        assert_eq!(thread.stack.unwrap().size, 2 << 20);
    }
    let sleeps = wait_of(&dump, "sleeps");
    assert_eq!(sleeps.kind, WaitKind::Sleep);
    let left = sleeps.remaining.unwrap();
    assert!(left > Duration::from_secs(500) && left <= Duration::from_secs(1000));
    let reads = wait_of(&dump, "reads");
    let WaitKind::Descriptor {
        writes: false,
        peer: Some(found),
        ..
    } = reads.kind
    else {
        panic!("{dump}")
    };
    assert_eq!(found, peer);
    drop((client, full));
}

fn not_started() {
    patch();
    let handle = named("new", || ());
    let dump = greenpatch::dump();
    let new = find(&dump, "new");
    assert_eq!(new.state, ThreadState::New);
    assert!(new.wait.is_none() && new.stack.is_none() && new.spawned_at.is_some());
    let root = dump.threads().find(|thread| thread.is_root).unwrap();
    assert_eq!((root.id, root.state), (1, ThreadState::Running));
    handle.join().unwrap();
}

fn holders() {
    patch();
    let locks = Arc::new((
        Mutex::new(()),
        Mutex::new(()),
        RwLock::new(()),
        Mutex::new(()),
    ));
    let held = locks.0.lock().unwrap();
    let (native_has, has) = native_mpsc::channel();
    let (release, released) = native_mpsc::channel::<()>();
    let native = std::thread::spawn({
        let locks = Arc::clone(&locks);
        move || {
            let _held = locks.3.lock().unwrap();
            native_has.send(()).unwrap();
            let _ = released.recv();
        }
    });
    has.recv().unwrap();
    let holds = Arc::clone(&locks);
    named("holds", move || {
        let _mutex = holds.1.lock();
        let _lock = holds.2.write();
        thread::park();
    });
    until_waiting(&["holds"]);
    type Locks = (Mutex<()>, Mutex<()>, RwLock<()>, Mutex<()>);
    type Wait = fn(&Locks);
    let waits: [(&str, Wait); 4] = [
        ("for main", |locks| drop(locks.0.lock())),
        ("for green", |locks| drop(locks.1.lock())),
        ("for writer", |locks| drop(locks.2.read())),
        ("for native", |locks| drop(locks.3.lock())),
    ];
    for (name, wait) in waits {
        let locks = Arc::clone(&locks);
        named(name, move || wait(&locks));
    }
    let dump = until_waiting(&["for main", "for green", "for writer", "for native"]);
    let green = find(&dump, "holds").id;
    for (name, holder) in [
        ("for main", Holder::Thread(1)),
        ("for green", Holder::Thread(green)),
        ("for native", Holder::OsThread),
    ] {
        assert_eq!(wait_of(&dump, name).holder, Some(holder), "{name}\n{dump}");
    }
    assert_eq!(wait_of(&dump, "for writer").holder, None, "{dump}");
    assert!(dump.cycles.is_empty());
    drop((held, release));
    native.join().unwrap();
}

/// A waiter that has lost once is handed the lock by the next unlock.
fn handed_over() {
    patch();
    let lock = Arc::new(Mutex::new(()));
    let mut guard = lock.lock().unwrap();
    let theirs = Arc::clone(&lock);
    named("next", move || {
        let _guard = theirs.lock();
        thread::park();
    });
    until_waiting(&["next"]);
    // This thread barges in, so that the waiter reserves the lock.
    drop(guard);
    guard = lock.lock().unwrap();
    thread::yield_now();
    drop(guard);
    let theirs = Arc::clone(&lock);
    named("last", move || drop(theirs.lock()));
    let dump = until_waiting(&["next", "last"]);
    assert_eq!(wait_of(&dump, "next").kind, WaitKind::Park);
    let next = find(&dump, "next").id;
    assert_eq!(
        wait_of(&dump, "last").holder,
        Some(Holder::Thread(next)),
        "{dump}"
    );
}

fn a_circle_of_locks() {
    patch();
    let locks = Arc::new([const { Mutex::new(()) }; 3]);
    for number in 0..3 {
        let locks = Arc::clone(&locks);
        named(&number.to_string(), move || {
            let _own = locks[number].lock();
            thread::yield_now();
            drop(locks[(number + 1) % 3].lock());
        });
    }
    let dump = until_waiting(&["0", "1", "2"]);
    let ids = ["0", "1", "2"].map(|name| find(&dump, name).id);
    assert_eq!(dump.cycles, [ids.to_vec()], "{dump}");
    assert!(
        dump.to_string()
            .contains("cycle: \"0\" (thread 2) waits for \"1\" (thread 3) waits for")
    );
}

fn a_held_hub() {
    Patcher::new().workers(2).apply().unwrap();
    let is_over = Arc::new(AtomicBool::new(false));
    let (over, begun) = (Arc::clone(&is_over), Arc::new(AtomicBool::new(false)));
    let tell = Arc::clone(&begun);
    let computes = named("computes", move || {
        tell.store(true, Ordering::Release);
        while !over.load(Ordering::Acquire) {
            std::hint::spin_loop();
        }
    });
    while !begun.load(Ordering::Acquire) {
        std::thread::yield_now();
    }
    let dump = greenpatch::dump();
    let held: Vec<bool> = dump.hubs.iter().map(|hub| hub.is_held).collect();
    assert_eq!(held.iter().filter(|held| **held).count(), 1, "{dump}");
    assert!(
        dump.to_string().contains("held, it does not answer"),
        "{dump}"
    );
    is_over.store(true, Ordering::Release);
    computes.join().unwrap();
}

fn hubs_ask_each_other() {
    Patcher::new().workers(2).apply().unwrap();
    let dumps = Arc::new(NativeMutex::new(Vec::new()));
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let dumps = Arc::clone(&dumps);
            thread::spawn(move || {
                for _ in 0..5 {
                    let dump = greenpatch::dump();
                    dumps
                        .lock()
                        .unwrap()
                        .push(dump.hubs.iter().filter(|hub| hub.is_held).count());
                    thread::yield_now();
                }
            })
        })
        .collect();
    threads
        .into_iter()
        .for_each(|thread| thread.join().unwrap());
    assert_eq!(dumps.lock().unwrap().len(), 20);
}

fn dumps_under_load() {
    Patcher::new().workers(2).apply().unwrap();
    let lock = Arc::new(Mutex::new(0));
    let threads: Vec<_> = (0..20)
        .map(|number| {
            let lock = Arc::clone(&lock);
            thread::spawn(move || {
                for round in 0..50 {
                    *lock.lock().unwrap() += 1;
                    let child = thread::spawn(thread::yield_now);
                    if (round + number) % 7 == 0 {
                        thread::sleep(Duration::from_micros(100));
                    }
                    child.join().unwrap();
                }
            })
        })
        .collect();
    for _ in 0..50 {
        let dump = greenpatch::dump();
        assert!(dump.cycles.is_empty(), "{dump}");
        assert!(!dump.to_string().is_empty() && !dump.to_json().is_empty());
    }
    threads
        .into_iter()
        .for_each(|thread| thread.join().unwrap());
    assert_eq!(*lock.lock().unwrap(), 1000);
}
