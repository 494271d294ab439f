//! Every operation in every mode: not patched; patched, on the root; patched, on a green thread;
//! patched, on an OS thread that is no hub; patched with workers.
//!
//! One process for most, since patching cannot be taken back in between; so no libtest.
#![allow(missing_docs)]

mod deadlines;
mod files;
mod locals;
mod locks;
mod mixed;
mod panics;
mod pipes;
mod processes;
mod threads;

use std::collections::BTreeSet;
use std::io::Write;
use std::process::Command;
use std::time::Duration;

use greenpatch_tests::watchdog;

/// One check, to be made in every mode.
type Case = (&'static str, fn());

/// Set in the second process, which patches with workers.
const WORKERS: &str = "GREENPATCH_TEST_WORKERS";

fn main() {
    let mut run = 0;
    if std::env::var_os(WORKERS).is_none() {
        on_one_os_thread(&mut run);
        println!("\n{run} passed, 0 failed");
        // Placement is set once in a process.
        let again = std::env::current_exe().and_then(|me| {
            Command::new(me)
                .args(std::env::args().skip(1))
                .env(WORKERS, "2")
                .status()
        });
        assert!(again.expect("a test can run itself").success());
    } else {
        on_workers(&mut run);
        println!("\n{run} passed, 0 failed");
    }
}

fn on_one_os_thread(run: &mut u32) {
    mode(run, "not patched", |case| case());
    mode(run, "not patched, on another thread", |case| {
        greenpatch::thread::spawn(case).join().unwrap();
    });

    let patched = greenpatch::Patcher::new().fs(true).apply();
    assert!(patched.unwrap().is_done());
    mode(run, "patched, root", |case| case());
    mode(run, "patched, green", |case| {
        greenpatch::thread::spawn(case).join().unwrap()
    });
    mode(run, "patched, OS thread", |case| {
        // Joined natively, so that the hub of this thread does not run: it must not be needed.
        std::thread::spawn(case).join().unwrap();
    });
    mode(run, "patched, on the background hub", |case| {
        std::thread::spawn(move || greenpatch::thread::spawn(case).join().unwrap())
            .join()
            .unwrap();
    });
}

fn on_workers(run: &mut u32) {
    let patched = greenpatch::Patcher::new().fs(true).workers(2).apply();
    assert!(patched.unwrap().is_done());
    let here = greenpatch::native_thread_id();
    let natives: BTreeSet<_> = (0..4)
        .map(|_| {
            greenpatch::thread::spawn(|| {
                greenpatch::thread::sleep(Duration::from_millis(1));
                greenpatch::native_thread_id()
            })
        })
        .collect::<Vec<_>>()
        .into_iter()
        .map(|thread| thread.join().unwrap())
        .collect();
    assert_eq!(natives.len(), 2, "two workers share the green threads");
    assert!(!natives.contains(&here), "the root is no worker");

    mode(run, "two workers, root", |case| case());
    mode(run, "two workers, green", |case| {
        greenpatch::thread::spawn(case).join().unwrap()
    });
    mode(run, "two workers, OS thread", |case| {
        std::thread::spawn(case).join().unwrap()
    });
}

/// Makes all checks in one mode.
fn mode(run: &mut u32, mode: &str, on: fn(fn())) {
    let cases = [
        threads::CASES,
        locals::CASES,
        panics::CASES,
        mixed::CASES,
        locks::CASES,
        files::CASES,
        pipes::CASES,
        processes::CASES,
        deadlines::CASES,
    ];
    let only = std::env::args().nth(1).unwrap_or_default();
    for (name, case) in cases.concat() {
        if !name.contains(&only) {
            continue;
        }
        let _watchdog = watchdog(Duration::from_secs(60));
        print!("test {name} ({mode}) ... ");
        std::io::stdout().flush().unwrap();
        on(case);
        println!("ok");
        *run += 1;
    }
}
