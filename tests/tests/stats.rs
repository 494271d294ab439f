//! What `greenpatch::stats` counts. Each scenario is a process of its own, this program run again.
#![allow(missing_docs, unreachable_pub)]

use std::ops::Range;
use std::process::Command;
use std::time::Duration;

use greenpatch::inspect::Counters;
use greenpatch::sync::mpsc;
use greenpatch::{Patcher, thread};
use greenpatch_tests::{Ended, Runner};

#[path = "../../examples/stats.rs"]
mod stats_example;

const CASES: &[(&str, fn())] = &[
    ("without a hub there is nothing", nothing_is_patched),
    (
        "each switch ends with a park, a yield or the end",
        switches_add_up,
    ),
    ("polls do not lose count", many_switches),
    ("nor do they if times are measured", many_timed_switches),
    ("wake-ups from other OS threads", remote_wakes),
    ("calls of helpers", helper_calls),
    ("hubs are added up", hubs_add_up),
    ("no times are measured by default", no_times),
    ("times are measured if asked for", times),
    ("a delay is that of the run queue", delays),
];

fn main() {
    let mut runner = Runner::from_args();
    for (name, child) in CASES {
        runner.scenario(name, *child, |_| (), Ended::well);
    }
    let set = |command: &mut Command| _ = command.env("GREENPATCH_STATS", "1");
    let is_timed = || {
        greenpatch::patch_thread().unwrap();
        assert!(greenpatch::stats().is_timed);
    };
    runner.scenario("the variable", is_timed, set, Ended::well);
    let unset = |command: &mut Command| _ = command.env("GREENPATCH_STATS", "0");
    let is_not_timed = || {
        Patcher::new().stats(true).apply().unwrap();
        assert!(!greenpatch::stats().is_timed);
    };
    runner.scenario(
        "the variable takes precedence",
        is_not_timed,
        unset,
        Ended::well,
    );
    let wrong = |command: &mut Command| _ = command.env("GREENPATCH_STATS", "yes");
    let refused = || {
        let error = greenpatch::patch_thread().unwrap_err();
        assert!(error.to_string().contains("GREENPATCH_STATS"), "{error}");
    };
    runner.scenario("a value without a meaning", refused, wrong, Ended::well);
    let example = || stats_example::main().unwrap();
    runner.scenario(
        "the example",
        example,
        |_| (),
        |ended| {
            ended.well();
            let text = &ended.stdout;
            assert!(text.contains(": 100 spawned, 0 alive\n"), "{ended}");
            assert!(text.contains("half below "), "{ended}");
            let json = text.lines().last().unwrap();
            let json: serde_json::Value = serde_json::from_str(json).unwrap();
            assert_eq!(json["hubs"].as_array().unwrap().len(), 1);
            assert_eq!(json["hubs"][0]["spawned"], 100);
            assert_eq!(json["total"]["spawned"], 100);
            assert!(json["total"]["sleep_seconds"].as_f64().unwrap() > 0.0);
            let delays = json["total"]["run_queue_delay"].as_array().unwrap();
            assert!(!delays.is_empty());
        },
    );
    runner.finish();
}

fn total() -> Counters {
    greenpatch::stats().total
}

fn nothing_is_patched() {
    let stats = greenpatch::stats();
    assert!(stats.hubs.is_empty() && stats.total == Counters::default());
    assert_eq!(stats.to_string().lines().count(), 4, "{stats}");
}

/// Each switch so far has an end, except that of the thread that runs now.
fn assert_sum(counters: &Counters) {
    let ended = counters.spawned - counters.alive;
    let sum = counters.parks + counters.yields + ended + 1;
    assert_eq!(counters.switches, sum, "{counters:?}");
}

fn switches_add_up() {
    greenpatch::patch_thread().unwrap();
    let before = total();
    assert_sum(&before);
    let yields = || {
        let body = || (0..4).for_each(|_| thread::yield_now());
        let threads: Vec<_> = (0..5).map(|_| thread::spawn(body)).collect();
        for thread in threads {
            thread.join().unwrap();
        }
    };
    yields();
    let after = total();
    assert_sum(&after);
    assert_eq!(after.spawned - before.spawned, 5);
    assert_eq!(after.alive, 0);
    assert_eq!(after.yields - before.yields, 20);
    // Only this thread has parked: it waits for the others' ends.
    let parks = after.parks - before.parks;
    assert!((1..=5).contains(&parks), "{parks}");
    assert_eq!(after.switches - before.switches, 5 + 20 + parks);
}

fn many_switches() {
    greenpatch::patch_thread().unwrap();
    assert_polls(300..400);
}

/// Each sample of a delay takes a poll more.
fn many_timed_switches() {
    Patcher::new().stats(true).apply().unwrap();
    assert_polls(600..800);
    let samples = total().run_queue_delay.count();
    assert!((300..400).contains(&samples), "{samples}");
}

fn assert_polls(expected: Range<u64>) {
    let before = total();
    let body = || (0..10_000).for_each(|_| thread::yield_now());
    let threads = [thread::spawn(body), thread::spawn(body)];
    threads
        .into_iter()
        .for_each(|thread| thread.join().unwrap());
    let after = total();
    assert_sum(&after);
    assert_eq!(after.yields - before.yields, 20_000);
    let polls = after.polls - before.polls;
    assert!(expected.contains(&polls), "{polls}");
}

fn remote_wakes() {
    greenpatch::patch_thread().unwrap();
    let (request, requests) = mpsc::channel::<u32>();
    let (reply, replies) = mpsc::channel::<u32>();
    let other = std::thread::spawn(move || {
        for number in requests {
            reply.send(number).unwrap();
        }
    });
    let asks = thread::spawn(move || {
        for number in 0..100 {
            request.send(number).unwrap();
            assert_eq!(replies.recv(), Ok(number));
        }
    });
    asks.join().unwrap();
    other.join().unwrap();
    let counters = total();
    assert_sum(&counters);
    assert!((1..=200).contains(&counters.remote_wakes), "{counters:?}");
    assert!(counters.sleeps > 0);
}

fn helper_calls() {
    Patcher::new().apply().unwrap();
    greenpatch::patch_fs().unwrap();
    let before = greenpatch::stats().helper_calls;
    let reads = || assert!(greenpatch::fs::read("/proc/self/stat").is_ok());
    thread::spawn(reads).join().unwrap();
    assert!(greenpatch::stats().helper_calls > before);
}

fn hubs_add_up() {
    Patcher::new().workers(2).apply().unwrap();
    let body = || (0..100).for_each(|_| thread::yield_now());
    let threads: Vec<_> = (0..100).map(|_| thread::spawn(body)).collect();
    for thread in threads {
        thread.join().unwrap();
    }
    // A thread's end is observed before its hub has removed it, and a hub says how often it has switched once it
    // sleeps.
    loop {
        let stats = greenpatch::stats();
        let spawned: Vec<u64> = stats.hubs.iter().map(|hub| hub.counters.spawned).collect();
        assert_eq!(spawned.len(), 2);
        assert_eq!(spawned.iter().sum::<u64>(), 100);
        assert_eq!(stats.total.spawned, 100);
        let sum = |counters: &Counters| counters.parks + counters.yields + counters.spawned;
        let total = &stats.total;
        if total.alive == 0 && total.switches == sum(total) {
            return;
        }
        std::thread::yield_now();
    }
}

fn no_times() {
    greenpatch::patch_all().unwrap();
    assert!(!greenpatch::stats().is_timed);
    thread::sleep(Duration::from_millis(20));
    let counters = total();
    assert!(counters.sleeps > 0);
    assert_eq!(counters.sleep_time, Duration::ZERO);
    assert_eq!(counters.run_queue_delay.count(), 0);
}

fn times() {
    let pause = Duration::from_millis(20);
    Patcher::new().stats(true).apply().unwrap();
    assert!(greenpatch::stats().is_timed);
    thread::sleep(pause);
    thread::spawn(move || thread::sleep(pause)).join().unwrap();
    let counters = total();
    assert!(counters.sleep_time >= pause, "{counters:?}");
    assert!(counters.poll_time > Duration::ZERO);
    assert!(counters.run_queue_delay.count() > 0);
}

/// While ten threads take turns of a millisecond, one that becomes ready waits for about nine milliseconds.
fn delays() {
    Patcher::new().stats(true).apply().unwrap();
    let turn = Duration::from_millis(1);
    let body = move || {
        for _ in 0..20 {
            let start = std::time::Instant::now();
            while start.elapsed() < turn {
                std::hint::spin_loop();
            }
            thread::yield_now();
        }
    };
    let threads: Vec<_> = (0..10).map(|_| thread::spawn(body)).collect();
    for thread in threads {
        thread.join().unwrap();
    }
    let delays = total().run_queue_delay;
    let longest = delays.quantile(1.0).unwrap();
    assert!(longest > 8 * turn, "{delays:?}");
    let sum: u64 = delays.buckets().map(|(_, count)| count).sum();
    assert_eq!(sum, delays.count());
    assert!(delays.quantile(0.0).unwrap() <= longest);
}
