//! The check for cycles reports threads that wait for each other while others run. Each scenario is a process of its own, this
//! program run again.
#![allow(missing_docs, unreachable_pub)]
#![allow(unsafe_code)]

use std::process::Command;
use std::sync::{Arc, Condvar, Mutex as StdMutex};
use std::time::{Duration, Instant};

use greenpatch::events::{self, CycleFound};
use greenpatch::sync::{Barrier, Mutex};
use greenpatch::{Patcher, thread};
use greenpatch_tests::{Ended, Runner};

/// How often cycles are looked for.
const EVERY: Duration = Duration::from_millis(20);

fn main() {
    let mut runner = Runner::from_args();
    let silent = |ended: &Ended| {
        ended.well();
        assert_eq!(ended.stderr, "");
    };
    runner.scenario(
        "a cycle is written once, with where each thread waits",
        || cycle_beside_others(patcher(), Some(EVERY)),
        |_| (),
        is_written_once,
    );
    runner.scenario(
        "with workers",
        || cycle_beside_others(patcher().workers(2), Some(EVERY)),
        |_| (),
        is_written_once,
    );
    let variable = |value: &'static str| {
        move |command: &mut Command| _ = command.env("GREENPATCH_CYCLES", value)
    };
    runner.scenario(
        "the variable asks for it",
        || cycle_beside_others(patcher(), None),
        variable("20ms"),
        is_written_once,
    );
    runner.scenario(
        "the variable takes precedence",
        || cycle_beside_others(patcher(), Some(EVERY)),
        variable("0s"),
        silent,
    );
    runner.scenario(
        "without being asked for",
        || cycle_beside_others(patcher(), None),
        |_| (),
        silent,
    );
    let refused = || {
        let error = greenpatch::patch_thread().unwrap_err();
        assert!(error.to_string().contains("GREENPATCH_CYCLES"), "{error}");
    };
    runner.scenario(
        "a value without a meaning",
        refused,
        variable("often"),
        |ended| ended.well(),
    );
    runner.scenario("a subscriber is told instead", subscriber, |_| (), silent);
    runner.scenario(
        "a second cycle is reported, too",
        second_cycle,
        |_| (),
        silent,
    );
    runner.scenario("an OS thread is part of a cycle", os_thread, |_| (), silent);
    runner.scenario(
        "threads that take turns are no cycle",
        turns,
        |_| (),
        silent,
    );
    runner.scenario(
        "a wait with a deadline is no cycle",
        deadlines,
        |_| (),
        silent,
    );
    runner.finish();
}

fn is_written_once(ended: &Ended) {
    ended.well();
    assert_eq!(
        ended
            .stderr
            .matches("a cycle of 2 threads, which cannot run again")
            .count(),
        1,
        "{ended}"
    );
    for name in ["left", "right"] {
        let line = ended.stderr.lines().find(|line| {
            line.trim_start()
                .starts_with(&format!("\"{name}\" (thread "))
        });
        let line = line.unwrap_or_else(|| panic!("{name} is missing: {ended}"));
        assert!(line.contains(": waiting for mutex 0x"), "{line}");
        assert!(line.contains(", held by \""), "{line}");
        assert!(line.contains(", at tests/tests/cycles.rs:"), "{line}");
        assert!(
            line.contains("; spawned at tests/tests/cycles.rs:"),
            "{line}"
        );
    }
}

fn patcher() -> Patcher {
    Patcher::new()
}

fn apply(patcher: Patcher) {
    assert!(patcher.apply().unwrap().is_done());
}

/// Has two green threads lock two mutexes in opposite orders.
fn cross(names: [&str; 2]) {
    let locks: Arc<[Mutex<()>; 2]> = Arc::default();
    let both = Arc::new(Barrier::new(2));
    for (name, [first, second]) in names.into_iter().zip([[0, 1], [1, 0]]) {
        let (locks, both) = (Arc::clone(&locks), Arc::clone(&both));
        let builder = thread::Builder::new().name(name.into());
        let body = move || {
            let _first = locks[first].lock();
            both.wait();
            drop(locks[second].lock());
        };
        builder.spawn(body).unwrap();
    }
}

fn cycle_beside_others(patcher: Patcher, every: Option<Duration>) {
    apply(match every {
        Some(every) => patcher.cycles(every),
        None => patcher,
    });
    cross(["left", "right"]);
    // Others run, for many times as long as it takes.
    for _ in 0..100 {
        thread::spawn(|| thread::sleep(Duration::from_millis(10)))
            .join()
            .unwrap();
    }
}

/// The cycles that a subscriber was told of.
#[derive(Default)]
struct Told {
    cycles: StdMutex<Vec<CycleFound>>,
    more: Condvar,
}

impl Told {
    fn new() -> Arc<Told> {
        let told: Arc<Told> = Arc::default();
        let theirs = Arc::clone(&told);
        events::on_cycle_found(move |cycle| {
            theirs.cycles.lock().unwrap().push(cycle.clone());
            theirs.more.notify_all();
            Ok(())
        });
        told
    }

    /// Waits, while green threads run, until there are so many.
    fn wait(&self, count: usize) -> Vec<CycleFound> {
        loop {
            let cycles = self.cycles.lock().unwrap();
            if cycles.len() >= count {
                return cycles.clone();
            }
            drop(cycles);
            thread::sleep(EVERY);
        }
    }
}

fn subscriber() {
    let told = Told::new();
    apply(patcher().cycles(EVERY));
    cross(["left", "right"]);
    let cycles = told.wait(1);
    let [left, right] = &cycles[0].threads[..] else {
        panic!("{:?}", cycles[0]);
    };
    let mut names = [&left.name, &right.name].map(|name| name.as_deref().unwrap());
    names.sort_unstable();
    assert_eq!(names, ["left", "right"]);
    assert!(left.id < right.id);
    for thread in [left, right] {
        assert!(thread.spawned_at.unwrap().file().ends_with("cycles.rs"));
        assert!(thread.location.unwrap().file().ends_with("cycles.rs"));
        assert!(thread.wait.starts_with("mutex 0x"), "{}", thread.wait);
    }
    thread::sleep(20 * EVERY);
    assert_eq!(told.wait(1).len(), 1);
}

fn second_cycle() {
    let told = Told::new();
    apply(patcher().workers(2).cycles(EVERY));
    cross(["left", "right"]);
    told.wait(1);
    cross(["up", "down"]);
    let cycles = told.wait(2);
    let has = |cycle: &CycleFound, name: &str| {
        (cycle.threads.iter()).any(|thread| thread.name.as_deref() == Some(name))
    };
    assert!(
        has(&cycles[0], "left") && has(&cycles[1], "up"),
        "{cycles:?}"
    );
    thread::sleep(20 * EVERY);
    assert_eq!(told.wait(2).len(), 2);
}

/// An OS thread that holds a lock joins a green thread that waits for it.
fn os_thread() {
    let told = Told::new();
    apply(patcher().cycles(EVERY));
    std::thread::spawn(|| {
        let lock: Arc<Mutex<()>> = Arc::default();
        let _held = lock.lock();
        let theirs = Arc::clone(&lock);
        let green = thread::Builder::new().name("green".into());
        green
            .spawn(move || drop(theirs.lock()))
            .unwrap()
            .join()
            .unwrap();
    });
    let cycles = told.wait(1);
    let text = cycles[0].to_string();
    assert!(text.contains("a cycle of 2 threads"), "{text}");
    assert!(text.contains("waiting for the end of \"green\""), "{text}");
}

/// Threads lock the same two mutexes in opposite orders, but never both cross: a third lock keeps them apart.
fn turns() {
    apply(patcher().workers(2).cycles(Duration::from_millis(1)));
    let locks: Arc<[Mutex<u64>; 3]> = Arc::default();
    let begun = Instant::now();
    let threads = [[0, 1], [1, 0], [0, 1], [1, 0]].map(|[first, second]| {
        let locks = Arc::clone(&locks);
        thread::spawn(move || {
            while begun.elapsed() < Duration::from_secs(2) {
                let _apart = locks[2].lock().unwrap();
                let _first = locks[first].lock().unwrap();
                thread::yield_now();
                *locks[second].lock().unwrap() += 1;
            }
        })
    });
    for thread in threads {
        thread.join().unwrap();
    }
}

fn deadlines() {
    apply(patcher().cycles(EVERY));
    let lock: Arc<Mutex<()>> = Arc::default();
    let held = lock.lock().unwrap();
    let theirs = Arc::clone(&lock);
    // It waits for `main`, which waits for it with a deadline.
    let waits = thread::spawn(move || drop(theirs.lock()));
    let ended = greenpatch::timeout(20 * EVERY, || waits.join().is_ok());
    assert!(ended.is_err(), "the lock was held");
    drop(held);
}
