//! Sockets in every mode: not patched; patched, on the root, on a green thread, on an OS thread that
//! is no hub, on the background hub; on two workers.
//!
//! Each way of patching has one process, since patching cannot be undone between the modes. So libtest is not used.
#![allow(missing_docs)]

mod deadlines;
mod host_names;
mod listener;
mod native_and_green;
mod random_traffic;
mod set_on_the_descriptor;
mod stalls_and_resets;
mod stream;
mod udp;
mod unix;

use greenpatch_tests::{Runner, child};

/// A check that is made in every mode.
type Case = (&'static str, fn());

/// The task of the second process, which patches with workers.
const WORKERS: &str = "workers";

fn main() {
    let mut runner = Runner::from_args();
    if runner.takes_task(WORKERS) {
        on_workers(&mut runner);
        return runner.finish();
    }
    on_one_os_thread(&mut runner);
    runner.finish();
    // The placement of green threads is set once in a process.
    let workers = child(WORKERS).args(std::env::args().skip(1)).status();
    assert!(
        workers.unwrap().success(),
        "what runs on workers has failed"
    );
}

fn on_one_os_thread(runner: &mut Runner) {
    mode(runner, "not patched", |case| case());

    // Sockets alone: there is no hub yet, so everything stays native.
    assert!(greenpatch::patch_net().unwrap().is_done());
    mode(runner, "sockets patched, no hub", |case| case());

    assert!(greenpatch::patch_all().unwrap().is_done());
    mode(runner, "patched, root", |case| case());
    mode(runner, "patched, green", |case| {
        greenpatch::thread::spawn(case).join().unwrap();
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
    let patched = greenpatch::Patcher::new().workers(2).apply();
    assert!(patched.unwrap().is_done());
    mode(runner, "two workers, root", |case| case());
    mode(runner, "two workers, green", |case| {
        greenpatch::thread::spawn(case).join().unwrap();
    });
}

/// Makes all checks in one mode.
fn mode(runner: &mut Runner, mode: &str, on: fn(fn())) {
    let cases = [
        stream::CASES,
        listener::CASES,
        udp::CASES,
        unix::CASES,
        host_names::CASES,
        native_and_green::CASES,
        stalls_and_resets::CASES,
        random_traffic::CASES,
        deadlines::CASES,
        set_on_the_descriptor::CASES,
    ];
    for (name, case) in cases.concat() {
        runner.test(&format!("{name} ({mode})"), || on(case));
    }
}
