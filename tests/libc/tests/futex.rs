//! Futexes of code that does not know greenpatch: std's own locks, and locks that call the kernel. Each scenario is a process of
//! its own, this program run again.
#![allow(missing_docs)]

use std::cell::Cell;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex, Once};
use std::time::{Duration, Instant};

use greenpatch::thread;
use greenpatch_libc_tests::{WordLock, patch};
use greenpatch_tests::{Ended, Runner};

fn main() {
    let mut runner = Runner::from_args();
    for (name, child) in SCENARIOS {
        runner.scenario(name, *child, |_| (), Ended::well);
    }
    runner.finish();
}

const SCENARIOS: &[(&str, fn())] = &[
    ("a mutex of std is held across a sleep", a_mutex_of_std),
    (
        "a lock of one word is held across a sleep",
        a_lock_of_one_word,
    ),
    ("a condition variable of std", a_condition_of_std),
    ("an initialization by std sleeps", an_initialization_sleeps),
    ("the thread that patches waits", the_root_waits),
    (
        "native threads and green threads share a lock",
        native_and_green,
    ),
    ("each green thread has its errno", errno_of_each),
    ("what is vetoed is native", vetoed),
    ("it is a feature like others", a_feature),
];

/// Joins all, which takes at least `least` if the threads exclude each other.
fn join(threads: Vec<thread::JoinHandle<()>>) {
    for thread in threads {
        thread.join().unwrap();
    }
}

fn spawn(
    count: usize,
    body: impl Fn(usize) + Send + Sync + 'static,
) -> Vec<thread::JoinHandle<()>> {
    let body = Arc::new(body);
    let threads = (0..count).map(|number| {
        let body = body.clone();
        thread::spawn(move || body(number))
    });
    threads.collect()
}

fn nap() {
    thread::sleep(Duration::from_millis(5));
}

fn a_mutex_of_std() {
    patch();
    let count = Arc::new(Mutex::new(0));
    let shared = count.clone();
    join(spawn(10, move |_| {
        let mut count = shared.lock().unwrap();
        let before = *count;
        nap();
        *count = before + 1;
    }));
    assert_eq!(*count.lock().unwrap(), 10);
}

fn a_lock_of_one_word() {
    patch();
    let shared = Arc::new((WordLock::new(), AtomicU32::new(0)));
    let count = shared.clone();
    join(spawn(10, move |_| {
        shared.0.lock();
        let before = shared.1.load(Ordering::Relaxed);
        nap();
        shared.1.store(before + 1, Ordering::Relaxed);
        shared.0.unlock();
    }));
    assert_eq!(count.1.load(Ordering::Relaxed), 10);
}

fn a_condition_of_std() {
    patch();
    let shared = Arc::new((Mutex::new(0), Condvar::new()));
    let waiters = spawn(20, {
        let shared = shared.clone();
        move |_| {
            let (count, changed) = &*shared;
            let mut count = count.lock().unwrap();
            while *count == 0 {
                count = changed.wait(count).unwrap();
            }
            *count -= 1;
        }
    });
    nap();
    for _ in 0..20 {
        *shared.0.lock().unwrap() += 1;
        shared.1.notify_one();
        nap();
    }
    join(waiters);
    let begun = Instant::now();
    let guard = shared.0.lock().unwrap();
    let (guard, timeout) = shared
        .1
        .wait_timeout(guard, Duration::from_millis(30))
        .unwrap();
    assert!(timeout.timed_out() && begun.elapsed() >= Duration::from_millis(30));
    drop(guard);
}

fn an_initialization_sleeps() {
    static ONCE: Once = Once::new();
    patch();
    join(spawn(10, |_| {
        ONCE.call_once(nap);
        assert!(ONCE.is_completed());
    }));
}

fn the_root_waits() {
    patch();
    let shared = Arc::new((Mutex::new(false), Condvar::new()));
    let other = shared.clone();
    let setter = thread::spawn(move || {
        nap();
        *other.0.lock().unwrap() = true;
        other.1.notify_one();
    });
    let is_set = shared.0.lock().unwrap();
    drop(shared.1.wait_while(is_set, |is_set| !*is_set).unwrap());
    setter.join().unwrap();
}

fn native_and_green() {
    const ROUNDS: u32 = 2000;
    patch();
    let count = Arc::new((Mutex::new(0), WordLock::new(), AtomicU32::new(0)));
    let add = |count: &(Mutex<u32>, WordLock, AtomicU32), number: u32| {
        for round in 0..ROUNDS {
            let mut std = count.0.lock().unwrap();
            *std += 1;
            drop(std);
            count.1.lock();
            let before = count.2.load(Ordering::Relaxed);
            if (round + number).is_multiple_of(16) {
                thread::yield_now();
            }
            count.2.store(before + 1, Ordering::Relaxed);
            count.1.unlock();
        }
    };
    let native: Vec<_> = (0..3)
        .map(|number| {
            let count = count.clone();
            std::thread::spawn(move || add(&count, number))
        })
        .collect();
    let shared = count.clone();
    join(spawn(8, move |number| add(&shared, number as u32)));
    // A helper joins them: this thread would block natively, but no green thread is left that it could hold up.
    for thread in native {
        thread.join().unwrap();
    }
    assert_eq!(*count.0.lock().unwrap(), 11 * ROUNDS);
    assert_eq!(count.2.load(Ordering::Relaxed), 11 * ROUNDS);
}

fn errno_of_each() {
    patch();
    thread_local!(static CALLS: Cell<usize> = const { Cell::new(0) });
    join(spawn(4, |number| {
        for _ in 0..10 {
            let error = [libc::ENOENT, libc::EAGAIN, libc::EINTR, libc::EPIPE][number];
            set_errno(error);
            nap();
            assert_eq!(std::io::Error::last_os_error().raw_os_error(), Some(error));
            thread::yield_now();
            assert_eq!(std::io::Error::last_os_error().raw_os_error(), Some(error));
            CALLS.set(CALLS.get() + 1);
        }
    }));
    assert_eq!(CALLS.get(), 40, "they ran on this OS thread");
}

#[allow(unsafe_code)]
fn set_errno(error: i32) {
    // SAFETY: it has no preconditions.
    let place = unsafe { libc::__errno_location() };
    // SAFETY: it is this OS thread's own.
    unsafe { place.write(error) };
}

fn vetoed() {
    use greenpatch::events;

    let veto = events::on_will_patch_module(|event| {
        if event.feature() == greenpatch::Feature::Libc {
            return Err(greenpatch::DoNotPatch::because("libc stays native"));
        }
        Ok(())
    });
    patch();
    assert!(!greenpatch::is_item_patched("libc::syscall").unwrap());
    // A green thread waits natively: the other one cannot run before the time is over.
    let is_done = Arc::new(Mutex::new(false));
    let condition = Arc::new(Condvar::new());
    let waiter = thread::spawn({
        let (is_done, condition) = (is_done.clone(), condition.clone());
        move || {
            let guard = is_done.lock().unwrap();
            let (guard, timeout) = condition
                .wait_timeout(guard, Duration::from_millis(50))
                .unwrap();
            assert!(timeout.timed_out() && !*guard);
        }
    });
    let setter = thread::spawn(move || *is_done.lock().unwrap() = true);
    waiter.join().unwrap();
    setter.join().unwrap();
    veto.unsubscribe();
}

fn a_feature() {
    use greenpatch::{Coverage, Patcher, is_module_patched};

    assert!(Patcher::new().libc(false).apply().unwrap().is_done());
    assert_eq!(is_module_patched("libc").unwrap(), Coverage::None);
    assert!(greenpatch::patch_libc().unwrap().is_done());
    assert_eq!(is_module_patched("libc").unwrap(), Coverage::All);
    assert_eq!(
        is_module_patched("greenpatch::libc").unwrap(),
        Coverage::All
    );
    assert!(greenpatch::patch_libc().unwrap().is_already_patched());
    let listed = greenpatch::patch_points();
    assert!(
        listed
            .iter()
            .any(|point| point.module() == "libc" && point.item() == "syscall")
    );
    greenpatch::restore().unwrap();
    assert_eq!(is_module_patched("libc").unwrap(), Coverage::None);
}
