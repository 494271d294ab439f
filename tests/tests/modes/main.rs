//! Every operation in every mode: not patched; patched, on the root; patched, on a green thread;
//! patched, on an OS thread that is no hub.
//!
//! One process, since patching cannot be taken back in between; so no libtest.
#![allow(missing_docs)]

mod locals;
mod mixed;
mod panics;
mod threads;

use std::io::Write;
use std::time::Duration;

use greenpatch_tests::watchdog;

/// One check, to be made in every mode.
type Case = (&'static str, fn());

fn main() {
    let cases = [threads::CASES, locals::CASES, panics::CASES, mixed::CASES].concat();
    let mut run = 0;
    let mut mode = |mode: &str, on: fn(fn())| {
        for (name, case) in &cases {
            let _watchdog = watchdog(Duration::from_secs(60));
            print!("test {name} ({mode}) ... ");
            std::io::stdout().flush().unwrap();
            on(*case);
            println!("ok");
            run += 1;
        }
    };

    mode("not patched", |case| case());
    mode("not patched, on another thread", |case| {
        greenpatch::thread::spawn(case).join().unwrap()
    });

    assert!(greenpatch::patch_thread().unwrap().is_done());
    mode("patched, root", |case| case());
    mode("patched, green", |case| {
        greenpatch::thread::spawn(case).join().unwrap()
    });
    mode("patched, OS thread", |case| {
        // Joined natively, so that the hub of this thread does not run: it must not be needed.
        std::thread::spawn(case).join().unwrap();
    });
    mode("patched, on the background hub", |case| {
        std::thread::spawn(move || greenpatch::thread::spawn(case).join().unwrap())
            .join()
            .unwrap();
    });
    println!("\n{run} passed, 0 failed");
}
