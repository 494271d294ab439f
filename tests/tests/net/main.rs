//! Sockets in every mode: not patched; patched, on the root, on a green thread, on an OS thread that
//! is no hub, on the background hub; on two workers.
//!
//! One process for each way of patching, since patching cannot be taken back in between; so no
//! libtest.
#![allow(missing_docs)]

mod deadlines;
mod hard;
mod listener;
mod mixed;
mod names;
mod past_the_value;
mod random;
mod stream;
mod udp;
mod unix;

use std::io::Write;
use std::process::Command;
use std::time::Duration;

use greenpatch_tests::watchdog;

/// One check, to be made in every mode.
type Case = (&'static str, fn());

const WORKERS: &str = "GREENPATCH_TEST_WORKERS";

fn main() {
    let mut run = 0;
    if std::env::var_os(WORKERS).is_some() {
        on_workers(&mut run);
    } else {
        on_one_os_thread(&mut run);
        let workers = Command::new(std::env::current_exe().unwrap())
            .args(std::env::args().skip(1))
            .env(WORKERS, "2")
            .status();
        assert!(workers.unwrap().success(), "the checks on workers failed");
    }
    println!("\n{run} passed, 0 failed");
}

fn on_one_os_thread(run: &mut u32) {
    mode(run, "not patched", |case| case());

    // Sockets alone: there is no hub yet, so all stays native.
    assert!(greenpatch::patch_net().unwrap().is_done());
    mode(run, "sockets patched, no hub", |case| case());

    assert!(greenpatch::patch_all().unwrap().is_done());
    mode(run, "patched, root", |case| case());
    mode(run, "patched, green", |case| {
        greenpatch::thread::spawn(case).join().unwrap();
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
    let patched = greenpatch::Patcher::new().workers(2).apply();
    assert!(patched.unwrap().is_done());
    mode(run, "two workers, root", |case| case());
    mode(run, "two workers, green", |case| {
        greenpatch::thread::spawn(case).join().unwrap();
    });
}

/// Makes all checks in one mode; those alone whose name holds the first argument, if there is one.
fn mode(run: &mut u32, mode: &str, on: fn(fn())) {
    let cases = [
        stream::CASES,
        listener::CASES,
        udp::CASES,
        unix::CASES,
        names::CASES,
        mixed::CASES,
        hard::CASES,
        random::CASES,
        deadlines::CASES,
        past_the_value::CASES,
    ];
    let wanted = std::env::args().nth(1).unwrap_or_default();
    for (name, case) in cases.concat() {
        if !name.contains(&wanted) {
            continue;
        }
        let _watchdog = watchdog(Duration::from_secs(30));
        print!("test {name} ({mode}) ... ");
        std::io::stdout().flush().unwrap();
        on(case);
        println!("ok");
        *run += 1;
    }
}
