//! Backtraces in dumps while green threads look up the names of backtraces of their own: they hold a lock of std's, and read files
//! on helper threads. Each scenario is a process of its own, this program run again.
#![allow(missing_docs)]

use std::backtrace::Backtrace;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use greenpatch::inspect::DumpOptions;
use greenpatch::{Dump, thread};
use greenpatch_libc_tests::patch;
use greenpatch_tests::{Ended, Runner};

fn main() {
    let mut runner = Runner::from_args();
    for (name, child) in SCENARIOS {
        runner.scenario(name, *child, |_| (), Ended::well);
    }
    runner.finish();
}

const SCENARIOS: &[(&str, fn())] = &[
    ("names are looked up meanwhile", names_are_looked_up),
    ("a mutex of std's", a_mutex_of_std),
];

fn dump() -> Dump {
    DumpOptions::new().backtraces(true).dump()
}

fn names_are_looked_up() {
    patch();
    assert!(greenpatch::patch_fs().is_ok());
    let is_done = Arc::new(AtomicBool::new(false));
    let done = is_done.clone();
    let looks_up = thread::spawn(move || {
        let length = Backtrace::force_capture().to_string().len();
        done.store(true, Ordering::Relaxed);
        length
    });
    thread::yield_now();
    let gave_way = !is_done.load(Ordering::Relaxed);
    // It has the lock: a hub that waited for that would never get it.
    let dump = dump();
    for thread in dump.threads() {
        assert_eq!(gave_way, thread.backtrace.is_none(), "{dump}");
        assert_eq!(gave_way, thread.no_backtrace.is_some(), "{dump}");
    }
    assert!(looks_up.join().unwrap() > 0);
    let dump = self::dump();
    assert!(
        dump.threads().all(|thread| thread.backtrace.is_some()),
        "{dump}"
    );
}

#[inline(never)]
fn waits_for_std(lock: &Mutex<u32>) -> u32 {
    *lock.lock().unwrap()
}

/// Code that does not know greenpatch: the frames of libc's function, and of std's above it, are there.
fn a_mutex_of_std() {
    patch();
    let lock = Arc::new(Mutex::new(7));
    let held = lock.lock().unwrap();
    let theirs = lock.clone();
    let waits = thread::Builder::new().name("waits".into());
    let waits = waits.spawn(move || waits_for_std(&theirs)).unwrap();
    thread::yield_now();
    let dump = dump();
    let is_it =
        |thread: &&greenpatch::inspect::ThreadReport| thread.name.as_deref() == Some("waits");
    let thread = dump.threads().find(is_it).unwrap();
    if let Some(frames) = &thread.backtrace {
        let place_of = |name: &str| {
            let place = frames
                .iter()
                .position(|frame| frame.function.contains(name));
            place.unwrap_or_else(|| panic!("{name}\n{dump}"))
        };
        assert!(place_of("syscall") < place_of("waits_for_std"), "{dump}");
        assert!(!dump.to_string().contains("greenpatch::hub"), "{dump}");
    }
    drop(held);
    assert_eq!(waits.join().unwrap(), 7);
}
