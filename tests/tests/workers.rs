//! Green threads on several workers: one that no worker has begun is begun by a worker that has nothing to do, and an idle
//! worker sleeps. Each scenario is a process of its own, this program run again.
#![allow(missing_docs, unreachable_pub)]

use std::collections::BTreeSet;
use std::fs;
use std::hint;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use greenpatch::inspect::Counters;
use greenpatch::sync::{Barrier, Mutex, mpsc};
use greenpatch::{BuilderExt, Patcher, Place, Workers, native_thread_id, thread};
use greenpatch_tests::{Random, Runner, stress_time};

const SCENARIOS: &[(&str, fn())] = &[
    ("a worker that is held by its spawner", held_by_the_spawner),
    ("a worker that is held by a thread", held_by_a_thread),
    ("spawned by an OS thread", spawned_by_an_os_thread),
    ("every worker has something to run", every_worker),
    ("thousands that no worker has begun", thousands),
    ("many that block are spread", spread),
    ("placed on a worker by its number", by_number),
    ("one for each core", one_per_core),
    ("placed beside its spawner", beside_the_spawner),
    ("two workers that answer each other", answers),
    ("an idle worker sleeps", idle),
    ("at random", at_random),
];

fn main() {
    let mut runner = Runner::from_args();
    for &(name, scenario) in SCENARIOS {
        runner.scenario(name, scenario, |_| (), |ended| ended.well());
    }
    runner.finish();
}

fn patch(workers: usize) {
    assert!(Patcher::new().workers(workers).apply().unwrap().is_done());
}

/// Returns what all workers have done. A thread's end is observed before its hub has removed it.
fn once_all_have_ended() -> Counters {
    loop {
        let total = greenpatch::stats().total;
        if total.alive == 0 {
            return total;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Blocks the OS thread until the flag is set, as a computation does.
fn spin_until(flag: &AtomicBool) {
    while !flag.load(Ordering::Acquire) {
        hint::spin_loop();
    }
}

/// The spawner never blocks, so its own worker cannot begin what it spawns.
fn held_by_the_spawner() {
    patch(2);
    let spawner = thread::spawn(|| {
        for _ in 0..100 {
            let begun = Arc::new(AtomicBool::new(false));
            let child = thread::spawn({
                let begun = Arc::clone(&begun);
                move || begun.store(true, Ordering::Release)
            });
            spin_until(&begun);
            child.join().unwrap();
        }
    });
    spawner.join().unwrap();
    let total = once_all_have_ended();
    assert_eq!(total.spawned, 101);
    assert!(total.taken_over >= 100, "{total:?}");
}

/// Threads with a number are on that worker, however much it has to do, and whichever thread spawns them.
fn by_number() {
    patch(2);
    let place = |number| {
        let builder = thread::Builder::new().place(Place::Worker(number));
        builder.spawn(native_thread_id).unwrap().join().unwrap()
    };
    let workers = [place(0), place(1)];
    assert_ne!(workers[0], workers[1]);
    assert!(!workers.contains(&native_thread_id()));
    let spawner = thread::spawn(move || {
        for number in 0..200 {
            assert_eq!(place(number), workers[number % 2]);
        }
    });
    spawner.join().unwrap();
}

/// There are as many as the process may use cores.
fn one_per_core() {
    let patched = Patcher::new().workers(Workers::PerCore).apply();
    assert!(patched.unwrap().is_done());
    let cores = std::thread::available_parallelism().unwrap().get();
    let place = |number| {
        let builder = thread::Builder::new().place(Place::Worker(number));
        builder.spawn(native_thread_id).unwrap().join().unwrap()
    };
    let workers: Vec<_> = (0..cores).map(place).collect();
    for (number, worker) in workers.iter().enumerate() {
        assert_eq!(
            workers.iter().position(|other| other == worker),
            Some(number)
        );
    }
    assert_eq!(place(cores), workers[0]);
}

/// The spawner holds its worker for longer than another leaves a thread to it, and yet the thread begins there.
fn beside_the_spawner() {
    patch(2);
    let builder = thread::Builder::new().place(Place::Worker(0));
    let spawner = builder.spawn(|| {
        for _ in 0..20 {
            let builder = thread::Builder::new().place(Place::Here);
            let child = builder.spawn(native_thread_id).unwrap();
            let begin = Instant::now();
            while begin.elapsed() < Duration::from_micros(200) {
                hint::spin_loop();
            }
            assert_eq!(child.join().unwrap(), native_thread_id());
        }
    });
    spawner.unwrap().join().unwrap();
    assert_eq!(once_all_have_ended().taken_over, 0);
    // The main thread runs on no worker: the hint is of no use, and does no harm.
    let builder = thread::Builder::new().place(Place::Here);
    assert_ne!(
        builder.spawn(native_thread_id).unwrap().join().unwrap(),
        native_thread_id()
    );
}

/// At any time one of the two has something to run, and the other waits for its answer: a message each, many times, at
/// distances at which a worker sometimes spins and sometimes sleeps.
fn answers() {
    patch(2);
    let (to_far, from_near) = mpsc::channel();
    let (to_near, from_far) = mpsc::channel();
    let far = thread::Builder::new()
        .place(Place::Worker(1))
        .spawn(move || {
            for (number, pause) in from_near {
                let begin = Instant::now();
                while begin.elapsed() < pause {
                    hint::spin_loop();
                }
                to_near.send(number + 1).unwrap();
            }
        });
    let near = thread::Builder::new()
        .place(Place::Worker(0))
        .spawn(move || {
            let mut random = Random::new();
            let mut number = 0_u64;
            for _ in 0..20_000 {
                let pause = match random.below(50) {
                    0 => random.below(100),
                    _ => 0,
                };
                to_far.send((number, Duration::from_micros(pause))).unwrap();
                number = from_far.recv().unwrap();
            }
            number
        });
    assert_eq!(near.unwrap().join().unwrap(), 20_000);
    far.unwrap().join().unwrap();
}

/// Two of three threads hold a worker each, until the third has run: which one of the two has to end for that is not
/// known beforehand, so each ends by itself once the other has begun.
fn held_by_a_thread() {
    patch(2);
    let begun = Arc::new([AtomicBool::new(false), AtomicBool::new(false)]);
    let spawner = thread::spawn({
        let begun = Arc::clone(&begun);
        move || {
            let holders = [0, 1].map(|number| {
                let begun = Arc::clone(&begun);
                thread::spawn(move || {
                    begun[number].store(true, Ordering::Release);
                    spin_until(&begun[1 - number]);
                })
            });
            for holder in holders {
                holder.join().unwrap();
            }
        }
    });
    spawner.join().unwrap();
}

fn spawned_by_an_os_thread() {
    patch(2);
    for _ in 0..50 {
        let begun = Arc::new([AtomicBool::new(false), AtomicBool::new(false)]);
        let holders = [0, 1].map(|number| {
            let begun = Arc::clone(&begun);
            thread::spawn(move || {
                begun[number].store(true, Ordering::Release);
                spin_until(&begun[1 - number]);
            })
        });
        for holder in holders {
            holder.join().unwrap();
        }
    }
}

/// As many threads as workers hold one each until all have begun.
fn every_worker() {
    const WORKERS: usize = 4;
    patch(WORKERS);
    let spawner = thread::spawn(|| {
        for _ in 0..20 {
            let begun = Arc::new(AtomicUsize::new(0));
            let holders: Vec<_> = (0..WORKERS)
                .map(|_| {
                    let begun = Arc::clone(&begun);
                    thread::spawn(move || {
                        begun.fetch_add(1, Ordering::AcqRel);
                        while begun.load(Ordering::Acquire) < WORKERS {
                            hint::spin_loop();
                        }
                    })
                })
                .collect();
            for holder in holders {
                holder.join().unwrap();
            }
        }
    });
    spawner.join().unwrap();
}

/// Each runs once and returns what it was given.
fn thousands() {
    const COUNT: u64 = 20_000;
    patch(2);
    let sum = thread::spawn(|| {
        let handles: Vec<_> = (0..COUNT)
            .map(|number| thread::spawn(move || number))
            .collect();
        handles
            .into_iter()
            .map(|handle| handle.join().unwrap())
            .sum::<u64>()
    });
    assert_eq!(sum.join().unwrap(), COUNT * (COUNT - 1) / 2);
    assert_eq!(once_all_have_ended().spawned, COUNT + 1);
}

/// Threads that have begun stay on their worker. So one that has many gets no more.
fn spread() {
    // More than one worker would keep while other processes occupy the cores.
    const COUNT: usize = 2_000;
    patch(2);
    let os_threads = Arc::new(Mutex::new(Vec::new()));
    let all_have_begun = Arc::new(Barrier::new(COUNT + 1));
    let handles: Vec<_> = (0..COUNT)
        .map(|_| {
            let (os_threads, all_have_begun) =
                (Arc::clone(&os_threads), Arc::clone(&all_have_begun));
            let handle = thread::spawn(move || {
                os_threads.lock().unwrap().push(std::thread::current().id());
                all_have_begun.wait();
            });
            // It begins before the next one is spawned.
            std::thread::sleep(Duration::from_micros(200));
            handle
        })
        .collect();
    all_have_begun.wait();
    for handle in handles {
        handle.join().unwrap();
    }
    let os_threads = os_threads.lock().unwrap();
    let first = os_threads[0];
    let on_the_first = os_threads.iter().filter(|other| **other == first).count();
    assert!(
        (COUNT / 4..=3 * COUNT / 4).contains(&on_the_first),
        "{on_the_first}"
    );
}

/// Returns how often the workers of this process have gone to sleep.
fn sleeps_of_workers() -> u64 {
    let tasks = fs::read_dir("/proc/self/task")
        .unwrap()
        .map(|task| task.unwrap().path());
    let mut sleeps = 0;
    for task in tasks {
        if fs::read_to_string(task.join("comm"))
            .unwrap()
            .starts_with("greenpatch-")
        {
            let status = fs::read_to_string(task.join("status")).unwrap();
            let count = status
                .lines()
                .find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"))
                .unwrap();
            sleeps += count.trim().parse::<u64>().unwrap();
        }
    }
    sleeps
}

/// A worker looks a few times whether anything can still happen, each time after twice as long.
fn idle() {
    patch(2);
    let handles: Vec<_> = (0..100).map(|_| thread::spawn(thread::yield_now)).collect();
    for handle in handles {
        handle.join().unwrap();
    }
    std::thread::sleep(Duration::from_millis(1_800));
    let before = sleeps_of_workers();
    std::thread::sleep(Duration::from_secs(1));
    let after = sleeps_of_workers();
    assert!(after - before <= 2, "{} times in a second", after - before);
}

/// Threads that spawn, compute, sleep and send, from a printed seed. Nothing is lost, and nothing comes twice.
fn at_random() {
    let time = stress_time(Duration::from_secs(3));
    patch(3);
    let mut random = Random::new();
    let begin = Instant::now();
    let spawned = Arc::new(AtomicU64::new(0));
    while begin.elapsed() < time {
        let (sender, receiver) = mpsc::channel();
        let before = spawned.load(Ordering::Relaxed);
        let roots: Vec<_> = (0..=random.below(4))
            .map(|_| {
                let (seed, depth) = (random.draw(), random.below(6));
                let (sender, spawned) = (sender.clone(), Arc::clone(&spawned));
                let root = move || grows(seed, depth, &sender, &spawned);
                // Some are spawned by this OS thread, and some by a worker.
                if random.below(2) == 0 {
                    thread::spawn(root)
                } else {
                    thread::spawn(|| thread::spawn(root).join().unwrap())
                }
            })
            .collect();
        drop(sender);
        let numbers: Vec<u64> = receiver.iter().collect();
        for root in roots {
            root.join().unwrap();
        }
        let expected: BTreeSet<u64> = (before..spawned.load(Ordering::Relaxed)).collect();
        assert_eq!(numbers.len(), expected.len());
        assert_eq!(numbers.into_iter().collect::<BTreeSet<_>>(), expected);
    }
}

/// Sends a number of its own, and spawns threads that do the same.
fn grows(seed: u64, depth: u64, sender: &mpsc::Sender<u64>, spawned: &Arc<AtomicU64>) {
    let mut random = Random::seeded(seed);
    let children: Vec<_> = (0..random.below(depth + 1))
        .map(|_| {
            let (seed, sender, spawned) = (random.draw(), sender.clone(), Arc::clone(spawned));
            thread::spawn(move || grows(seed, depth - 1, &sender, &spawned))
        })
        .collect();
    match random.below(4) {
        0 => thread::sleep(Duration::from_micros(random.below(200))),
        1 => thread::yield_now(),
        2 => (0..random.below(100_000)).for_each(|_| hint::spin_loop()),
        _ => {}
    }
    sender
        .send(spawned.fetch_add(1, Ordering::Relaxed))
        .unwrap();
    // Some threads are detached.
    for child in children {
        if random.below(3) > 0 {
            child.join().unwrap();
        }
    }
}
