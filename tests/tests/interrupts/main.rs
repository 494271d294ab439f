//! Time-outs and cancellation: each kind of wait, interrupted before it, during it, and when it has just completed.
//!
//! The second process runs green threads on workers, so that a cancellation comes from another OS thread.
#![allow(missing_docs, unreachable_pub)]

mod locks;
mod stress;
mod threads;
mod timeouts;
mod waits;

use std::time::Duration;

use greenpatch::inspect::{ThreadReport, ThreadState};
use greenpatch_tests::{Runner, child};

/// A check that is made in every mode.
type Case = (&'static str, fn());

/// The task of the second process, which patches with workers.
const WORKERS: &str = "workers";

fn main() {
    let mut runner = Runner::from_args();
    if runner.takes_task(WORKERS) {
        let patched = greenpatch::Patcher::new().workers(2).apply();
        assert!(patched.unwrap().is_done());
        // The root's own OS thread runs no green threads.
        make(&mut runner, "two workers, green", |case| {
            greenpatch::thread::spawn(case).join().unwrap();
        });
        return runner.finish();
    }
    threads::scenarios(&mut runner);
    if greenpatch_tests::task().is_some() {
        // This is the process of a scenario.
        return runner.finish();
    }
    runner.test("not patched", threads::on_native_threads);
    assert!(greenpatch::patch_all().unwrap().is_done());
    make(&mut runner, "root", |case| case());
    make(&mut runner, "green", |case| {
        greenpatch::thread::spawn(case).join().unwrap();
    });
    runner.test("on an OS thread that is no hub", || {
        std::thread::spawn(threads::on_native_threads)
            .join()
            .unwrap();
    });
    runner.finish();
    let others = child(WORKERS).args(std::env::args().skip(1)).status();
    assert!(
        others.unwrap().success(),
        "the process with workers has failed"
    );
}

/// Makes all checks in one mode.
fn make(runner: &mut Runner, mode: &str, on: fn(fn())) {
    for (name, kind) in waits::KINDS {
        for (when, check) in waits::CHECKS {
            let name = format!("{name}: {when} ({mode})");
            runner.test(&name, || waits::check_on(on, *check, *kind));
        }
    }
    for &(name, case) in [timeouts::CASES, locks::CASES, threads::CASES, stress::CASES]
        .concat()
        .iter()
    {
        runner.test(&format!("{name} ({mode})"), || on(case));
    }
}

/// Lets other threads run until each of them waits, or for a while if they do not.
fn settle() {
    if greenpatch_tests::task().as_deref() == Some(WORKERS) {
        let me = greenpatch::thread::current().id();
        let others_wait = || {
            let dump = greenpatch::dump();
            let mut count = 0;
            let waiting = |thread: &ThreadReport| {
                count += u64::from(!thread.is_root);
                thread.state == ThreadState::Waiting
                    || format!("{me:?}").contains(&format!("({})", thread.id))
            };
            let all_wait = dump.threads().all(waiting);
            all_wait && count == greenpatch::stats().total.alive
        };
        for _ in 0..2000 {
            if others_wait() {
                return;
            }
            greenpatch::thread::sleep(Duration::from_millis(1));
        }
    }
    for _ in 0..20 {
        greenpatch::thread::yield_now();
    }
}
