//! Every operation in every mode: not patched; patched, on the root; patched, on a green thread;
//! patched, on an OS thread that is no hub; patched with workers.
//!
//! A third process accesses files in place, for files that are pipes, sockets, terminals or devices.
//!
//! Each way of patching has one process, since patching cannot be undone between the modes. So libtest is not used.
#![allow(missing_docs)]

mod deadlines;
mod file_streams;
mod files;
mod futures;
mod locals;
mod locks;
mod native_and_green;
mod panics;
mod pipes;
mod processes;
mod threads;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use greenpatch_tests::{Runner, child};

/// A check that is made in every mode.
type Case = (&'static str, fn());

/// The task of the second process, which patches with workers.
const WORKERS: &str = "workers";
/// The task of the third process, in which files are accessed in place.
const IN_PLACE: &str = "in place";

fn main() {
    let mut runner = Runner::from_args();
    if runner.takes_task(WORKERS) {
        on_workers(&mut runner);
        return runner.finish();
    }
    if runner.takes_task(IN_PLACE) {
        on_files_in_place(&mut runner);
        return runner.finish();
    }
    on_one_os_thread(&mut runner);
    runner.finish();
    // The placement of green threads is set once in a process.
    for task in [WORKERS, IN_PLACE] {
        let others = child(task).args(std::env::args().skip(1)).status();
        assert!(others.unwrap().success(), "the process has failed: {task}");
    }
}

fn on_one_os_thread(runner: &mut Runner) {
    mode(runner, "not patched", |case| case());
    mode(runner, "not patched, on another thread", |case| {
        greenpatch::thread::spawn(case).join().unwrap();
    });

    let patched = greenpatch::Patcher::new().fs(true).apply();
    assert!(patched.unwrap().is_done());
    mode(runner, "patched, root", |case| case());
    mode(runner, "patched, green", |case| {
        greenpatch::thread::spawn(case).join().unwrap()
    });
    mode(runner, "patched, OS thread", |case| {
        // Joined natively, so that the hub of this thread does not run: it must not be needed.
        std::thread::spawn(case).join().unwrap();
    });
    mode(runner, "patched, on the background hub", |case| {
        std::thread::spawn(move || greenpatch::thread::spawn(case).join().unwrap())
            .join()
            .unwrap();
    });
}

fn on_workers(runner: &mut Runner) {
    let patched = greenpatch::Patcher::new().fs(true).workers(2).apply();
    assert!(patched.unwrap().is_done());
    let here = greenpatch::native_thread_id();
    // A worker may be done with a few threads before the other one wakes up; each holds it for a while.
    let mut natives = BTreeSet::new();
    for _ in 0..1000 {
        let threads: Vec<_> = (0..16)
            .map(|_| {
                greenpatch::thread::spawn(|| {
                    let start = Instant::now();
                    while start.elapsed() < Duration::from_millis(1) {
                        std::hint::spin_loop();
                    }
                    greenpatch::native_thread_id()
                })
            })
            .collect();
        natives.extend(threads.into_iter().map(|thread| thread.join().unwrap()));
        if natives.len() > 1 {
            break;
        }
    }
    assert_eq!(natives.len(), 2, "two workers share the green threads");
    assert!(!natives.contains(&here), "the root is no worker");

    mode(runner, "two workers, root", |case| case());
    mode(runner, "two workers, green", |case| {
        greenpatch::thread::spawn(case).join().unwrap()
    });
    mode(runner, "two workers, OS thread", |case| {
        std::thread::spawn(case).join().unwrap()
    });
}

fn on_files_in_place(runner: &mut Runner) {
    assert!(greenpatch::patch_all().unwrap().is_done());
    let cases = [files::CASES, file_streams::CASES].concat();
    make(runner, &cases, "files in place, root", |case| case());
    make(runner, &cases, "files in place, green", |case| {
        greenpatch::thread::spawn(case).join().unwrap();
    });
}

/// Makes all checks in one mode.
fn mode(runner: &mut Runner, mode: &str, on: fn(fn())) {
    let cases = [
        threads::CASES,
        locals::CASES,
        panics::CASES,
        native_and_green::CASES,
        locks::CASES,
        files::CASES,
        file_streams::CASES,
        pipes::CASES,
        processes::CASES,
        deadlines::CASES,
        futures::CASES,
    ];
    make(runner, &cases.concat(), mode, on);
}

fn make(runner: &mut Runner, cases: &[Case], mode: &str, on: fn(fn())) {
    for &(name, case) in cases {
        runner.test(&format!("{name} ({mode})"), || on(case));
    }
}
