//! Locks, threads and values from before patching work after it.

use std::time::Duration;

use greenpatch::sync::{Mutex, RwLock};
use greenpatch::thread;
use greenpatch_tests::{Ended, Scenario};

pub(crate) const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "a lock is held across patching",
        child: lock_across_patching,
        check: Ended::well,
    },
    Scenario {
        name: "threads started before patching are joined after",
        child: started_before,
        check: Ended::well,
    },
    Scenario {
        name: "available_parallelism is the real one",
        child: parallelism,
        check: Ended::well,
    },
];

fn lock_across_patching() {
    static MUTEX: Mutex<u32> = Mutex::new(0);
    static RWLOCK: RwLock<u32> = RwLock::new(0);
    let mut native = Vec::new();
    let guard = MUTEX.lock().unwrap();
    let reading = RWLOCK.read().unwrap();
    for _ in 0..3 {
        native.push(thread::spawn(|| {
            *MUTEX.lock().unwrap() += 1;
            *RWLOCK.write().unwrap() += 1;
        }));
    }
    greenpatch::patch_thread().unwrap();
    let green: Vec<_> = (0..3)
        .map(|_| {
            thread::spawn(|| {
                *MUTEX.lock().unwrap() += 1;
                *RWLOCK.write().unwrap() += 1;
            })
        })
        .collect();
    thread::sleep(Duration::from_millis(2));
    assert_eq!((*guard, *reading), (0, 0));
    drop(guard);
    drop(reading);
    for thread in native.into_iter().chain(green) {
        thread.join().unwrap();
    }
    assert_eq!(*MUTEX.lock().unwrap(), 6);
    assert_eq!(*RWLOCK.read().unwrap(), 6);
}

fn started_before() {
    let before: Vec<_> = (0..4)
        .map(|number| {
            thread::spawn(move || {
                thread::sleep(Duration::from_millis(5));
                (number, greenpatch::native_thread_id())
            })
        })
        .collect();
    greenpatch::patch_thread().unwrap();
    let here = greenpatch::native_thread_id();
    // Joined from green threads, all on this OS thread.
    let joiners: Vec<_> = before
        .into_iter()
        .map(|native| {
            thread::spawn(move || {
                assert_eq!(greenpatch::native_thread_id(), here);
                native.join().unwrap()
            })
        })
        .collect();
    for (number, joiner) in joiners.into_iter().enumerate() {
        let (joined, native) = joiner.join().unwrap();
        assert_eq!(joined, number);
        assert_ne!(native, here);
    }
}

fn parallelism() {
    let before = std::thread::available_parallelism().unwrap();
    greenpatch::patch_thread().unwrap();
    assert_eq!(greenpatch::thread::available_parallelism().unwrap(), before);
}
