//! Threads and timers in great numbers: once they end, their memory is returned.

use std::sync::Arc;
use std::time::Duration;

use greenpatch::sync::Barrier;
use greenpatch::thread;

use greenpatch_tests::{Ended, Scenario};

pub(crate) const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "100,000 short threads leave nothing behind",
        child: short_threads,
        check: Ended::well,
    },
    Scenario {
        name: "a million timers leave nothing behind",
        child: timers,
        check: Ended::well,
    },
    Scenario {
        name: "threads that went deep leave nothing behind, on a hub that is idle",
        child: || deep_threads(|| thread::sleep(Duration::from_millis(5))),
        check: Ended::well,
    },
    Scenario {
        name: "threads that went deep leave nothing behind, on a hub that is never idle",
        child: || deep_threads(thread::yield_now),
        check: Ended::well,
    },
    Scenario {
        name: "threads that went deep leave nothing behind, on a worker",
        child: deep_threads_on_a_worker,
        check: Ended::well,
    },
];

/// Returns what Linux reports about this process: its resident memory in KiB, and its number of mappings.
fn footprint() -> Option<(usize, usize)> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let resident = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let resident = resident.trim().trim_end_matches(" kB").parse().ok()?;
    let mappings = std::fs::read_to_string("/proc/self/maps")
        .ok()?
        .lines()
        .count();
    Some((resident, mappings))
}

fn short_threads() {
    greenpatch::patch_thread().unwrap();
    let run = |times: usize| {
        for number in 0..times {
            assert_eq!(thread::spawn(move || number).join().unwrap(), number);
        }
    };
    run(1000);
    let before = footprint();
    run(100_000);
    if let (Some(before), Some(after)) = (before, footprint()) {
        assert!(
            after.0 < before.0 + 1024,
            "memory grew from {before:?} to {after:?}"
        );
        assert!(
            after.1 <= before.1 + 2,
            "mappings grew from {before:?} to {after:?}"
        );
    }
}

/// Has 500 threads use deep stacks at the same time, and then calls `wait` until their memory is returned.
fn deep_threads(wait: fn()) {
    greenpatch::patch_thread().unwrap();
    go_deep(wait);
}

fn deep_threads_on_a_worker() {
    greenpatch::Patcher::new().workers(1).apply().unwrap();
    go_deep(|| thread::sleep(Duration::from_millis(5)));
}

fn go_deep(wait: fn()) {
    const THREADS: usize = 500;
    const DEEP: usize = 1 << 19;

    fn descend(bytes: usize) -> usize {
        let room = std::hint::black_box([1_u8; 4000]);
        match bytes.checked_sub(room.len()) {
            Some(left) => descend(left) + usize::from(room[0]),
            None => 0,
        }
    }

    if footprint().is_none() {
        return;
    }
    let resident = || footprint().unwrap().0;
    let round = || {
        let barrier = Arc::new(Barrier::new(THREADS + 1));
        let threads: Vec<_> = (0..THREADS)
            .map(|_| {
                let barrier = barrier.clone();
                thread::spawn(move || {
                    // All at the same time, each on its own stack.
                    barrier.wait();
                    let steps = descend(DEEP);
                    barrier.wait();
                    steps
                })
            })
            .collect();
        barrier.wait();
        barrier.wait();
        let deep = resident();
        for thread in threads {
            assert!(thread.join().unwrap() > DEEP / 8000);
        }
        deep
    };
    let before = resident();
    for _ in 0..2 {
        let deep = round();
        assert!(deep > before + THREADS * DEEP / 2048, "{deep} KiB are deep");
        // Each stack keeps 16 KiB, and other memory of so many threads stays, too. `SIGALRM` bounds the loop.
        while resident() > before + 24 * 1024 {
            wait();
        }
    }
}

fn timers() {
    greenpatch::patch_thread().unwrap();
    let run = |times: usize| {
        for _ in 0..times {
            // Woken at once, long before its time.
            thread::current().unpark();
            thread::park_timeout(Duration::from_secs(10_000));
            let parked = thread::current();
            thread::spawn(move || parked.unpark());
            thread::park_timeout(Duration::from_secs(10_000));
        }
    };
    run(1000);
    let before = footprint();
    run(if cfg!(debug_assertions) {
        50_000
    } else {
        500_000
    });
    if let (Some(before), Some(after)) = (before, footprint()) {
        assert!(
            after.0 < before.0 + 1024,
            "memory grew from {before:?} to {after:?}"
        );
    }
}
