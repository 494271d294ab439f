//! `sync::Condvar`, on OS threads.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use greenpatch::sync::{Condvar, Mutex};
use greenpatch_tests::{Random, watchdog};

const LIMIT: Duration = Duration::from_secs(60);

#[test]
fn notifying_nobody_does_nothing() {
    let condvar = Condvar::new();
    condvar.notify_one();
    condvar.notify_all();
    let (guard, result) = condvar
        .wait_timeout(Mutex::new(()).lock().unwrap(), Duration::ZERO)
        .map(|(_, result)| ((), result))
        .unwrap();
    assert!(result.timed_out());
    guard
}

#[test]
fn one_notification_wakes_one() {
    let _dog = watchdog(LIMIT);
    let shared = Arc::new((Mutex::new(0), Condvar::new()));
    let (waiting, waits) = mpsc::channel();
    let (done, is_done) = mpsc::channel();
    for _ in 0..3 {
        let (shared, waiting, done) = (shared.clone(), waiting.clone(), done.clone());
        thread::spawn(move || {
            let guard = shared.0.lock().unwrap();
            waiting.send(()).unwrap();
            let mut guard = shared.1.wait(guard).unwrap();
            *guard += 1;
            done.send(*guard).unwrap();
        });
    }
    for _ in 0..3 {
        waits.recv().unwrap();
    }
    for expected in 1..=3 {
        // The sender holds the mutex until it waits.
        let guard = shared.0.lock().unwrap();
        assert_eq!(*guard, expected - 1);
        shared.1.notify_one();
        drop(guard);
        assert_eq!(is_done.recv().unwrap(), expected);
    }
}

#[test]
fn wakes_in_order_of_arrival() {
    let _dog = watchdog(LIMIT);
    const THREADS: usize = 8;
    let shared = Arc::new((Mutex::new(Vec::new()), Condvar::new()));
    let (waiting, waits) = mpsc::channel();
    let children: Vec<_> = (0..THREADS)
        .map(|number| {
            let (shared_of_child, waiting) = (shared.clone(), waiting.clone());
            let child = thread::spawn(move || {
                let guard = shared_of_child.0.lock().unwrap();
                waiting.send(()).unwrap();
                shared_of_child.1.wait(guard).unwrap().push(number);
            });
            waits.recv().unwrap();
            drop(shared.0.lock().unwrap());
            child
        })
        .collect();
    for (number, child) in children.into_iter().enumerate() {
        shared.1.notify_one();
        child.join().unwrap();
        assert_eq!(shared.0.lock().unwrap().last(), Some(&number));
    }
}

#[test]
fn notify_all_wakes_all() {
    let _dog = watchdog(LIMIT);
    const THREADS: usize = 20;
    let shared = Arc::new((Mutex::new(0), Condvar::new()));
    let go = Arc::new((Mutex::new(false), Condvar::new()));
    let children: Vec<_> = (0..THREADS)
        .map(|_| {
            let (shared, go) = (shared.clone(), go.clone());
            thread::spawn(move || {
                let guard = go.0.lock().unwrap();
                *shared.0.lock().unwrap() += 1;
                shared.1.notify_one();
                drop(go.1.wait_while(guard, |go| !*go).unwrap());
            })
        })
        .collect();
    let all = shared
        .1
        .wait_while(shared.0.lock().unwrap(), |count| *count < THREADS);
    drop(all.unwrap());
    *go.0.lock().unwrap() = true;
    go.1.notify_all();
    for child in children {
        child.join().unwrap();
    }
}

#[test]
fn timeouts_are_never_early() {
    let _dog = watchdog(LIMIT);
    let (mutex, condvar) = (Mutex::new(()), Condvar::new());
    for micros in [0, 1, 10, 100, 1_000, 9_999, 30_000] {
        let timeout = Duration::from_micros(micros);
        let start = Instant::now();
        let (_guard, result) = condvar
            .wait_timeout(mutex.lock().unwrap(), timeout)
            .unwrap();
        assert!(start.elapsed() >= timeout);
        assert!(result.timed_out());
    }
    let start = Instant::now();
    #[expect(deprecated)]
    let (_guard, notified) = condvar.wait_timeout_ms(mutex.lock().unwrap(), 5).unwrap();
    assert!(start.elapsed() >= Duration::from_millis(5));
    assert!(!notified);
}

#[test]
fn a_timeout_without_end_waits_on() {
    let _dog = watchdog(LIMIT);
    let shared = Arc::new((Mutex::new(false), Condvar::new()));
    let sharer = shared.clone();
    let child = thread::spawn(move || {
        let guard = sharer.0.lock().unwrap();
        let (guard, result) = sharer
            .1
            .wait_timeout_while(guard, Duration::MAX, |go| !*go)
            .unwrap();
        assert!(!result.timed_out());
        assert!(*guard);
    });
    thread::sleep(Duration::from_millis(20));
    *shared.0.lock().unwrap() = true;
    shared.1.notify_all();
    child.join().unwrap();
}

#[test]
fn wait_timeout_while_ends_in_both_ways() {
    let _dog = watchdog(LIMIT);
    let (mutex, condvar) = (Mutex::new(0), Condvar::new());
    let start = Instant::now();
    let timeout = Duration::from_millis(10);
    let (guard, result) = condvar
        .wait_timeout_while(mutex.lock().unwrap(), timeout, |_| true)
        .unwrap();
    assert!(result.timed_out());
    assert!(start.elapsed() >= timeout);
    drop(guard);
    let (_guard, result) = condvar
        .wait_timeout_while(mutex.lock().unwrap(), Duration::ZERO, |_| false)
        .unwrap();
    assert!(!result.timed_out());
}

/// The mutex is unlocked while waiting, and locked again afterwards, also after a timeout.
#[test]
fn the_mutex_is_held_again() {
    let _dog = watchdog(LIMIT);
    let shared = Arc::new((Mutex::new(()), Condvar::new()));
    let guard = shared.0.lock().unwrap();
    let (guard, _) = shared
        .1
        .wait_timeout(guard, Duration::from_millis(1))
        .unwrap();
    assert!(shared.0.try_lock().is_err());
    drop(guard);
    assert!(shared.0.try_lock().is_ok());
}

#[test]
fn poison_comes_through() {
    let _dog = watchdog(LIMIT);
    let shared = Arc::new((Mutex::new(false), Condvar::new()));
    let sharer = shared.clone();
    let guard = shared.0.lock().unwrap();
    let child = thread::spawn(move || {
        let mut guard = sharer.0.lock().unwrap();
        *guard = true;
        sharer.1.notify_all();
        panic!("on purpose");
    });
    let mut result = Ok(guard);
    while result.as_ref().is_ok_and(|guard| !**guard) {
        result = shared.1.wait(result.unwrap());
    }
    assert!(*result.unwrap_err().into_inner());
    child.join().unwrap_err();
    let guard = shared.0.lock().unwrap_err().into_inner();
    let error = shared.1.wait_timeout(guard, Duration::ZERO).unwrap_err();
    assert!(error.get_ref().1.timed_out());
}

/// The condition runs with the mutex locked, so its panic poisons the mutex.
#[test]
fn a_panic_in_the_condition_poisons() {
    let (mutex, condvar) = (Mutex::new(()), Condvar::new());
    catch_unwind(AssertUnwindSafe(|| {
        condvar.wait_while(mutex.lock().unwrap(), |()| panic!("on purpose"))
    }))
    .unwrap_err();
    assert!(mutex.is_poisoned());
}

#[test]
fn may_be_used_with_two_mutexes() {
    let _dog = watchdog(LIMIT);
    let condvar = Condvar::new();
    let mutexes = [Mutex::new(false), Mutex::new(false)];
    thread::scope(|s| {
        for mutex in &mutexes {
            s.spawn(|| {
                drop(
                    condvar
                        .wait_while(mutex.lock().unwrap(), |go| !*go)
                        .unwrap(),
                );
            });
        }
        for mutex in &mutexes {
            *mutex.lock().unwrap() = true;
        }
        condvar.notify_all();
        // A thread that does not wait yet sees the flag.
    });
}

/// A bounded buffer under a mutex and two conditions; some waits end by their deadline.
#[test]
fn a_buffer_at_random() {
    let _dog = watchdog(LIMIT);
    const ITEMS: usize = 2_000;
    const PAIRS: usize = 3;
    let mut random = Random::new();
    let buffer = Mutex::new(Vec::new());
    let (filled, emptied) = (Condvar::new(), Condvar::new());
    let (put, taken) = (AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|s| {
        for _ in 0..PAIRS {
            let mut random = Random::seeded(random.draw());
            let (buffer, filled, emptied, put, taken) = (&buffer, &filled, &emptied, &put, &taken);
            let mut other = Random::seeded(random.draw());
            s.spawn(move || {
                for _ in 0..ITEMS {
                    let mut guard = buffer.lock().unwrap();
                    while guard.len() == 4 {
                        guard = match random.below(3) {
                            0 => {
                                let timeout = Duration::from_micros(random.below(50));
                                emptied.wait_timeout(guard, timeout).unwrap().0
                            }
                            _ => emptied.wait(guard).unwrap(),
                        };
                    }
                    let item = random.below(1_000) as usize;
                    put.fetch_add(item, Ordering::Relaxed);
                    guard.push(item);
                    drop(guard);
                    // All, since one notification might go to a waiter that has timed out.
                    filled.notify_all();
                }
            });
            s.spawn(move || {
                for _ in 0..ITEMS {
                    let timeout = Duration::from_micros(other.below(200));
                    let mut guard = buffer.lock().unwrap();
                    let item = loop {
                        if let Some(item) = guard.pop() {
                            break item;
                        }
                        guard = filled.wait_timeout(guard, timeout).unwrap().0;
                    };
                    taken.fetch_add(item, Ordering::Relaxed);
                    drop(guard);
                    emptied.notify_all();
                }
            });
        }
    });
    assert_eq!(put.into_inner(), taken.into_inner());
    assert!(buffer.into_inner().unwrap().is_empty());
}

#[test]
fn prints_as_std_does() {
    assert_eq!(
        format!("{:?}", Condvar::default()),
        format!("{:?}", std::sync::Condvar::new())
    );
    let ours = Condvar::new();
    let theirs = std::sync::Condvar::new();
    let (our_mutex, their_mutex) = (Mutex::new(()), std::sync::Mutex::new(()));
    let (_g, ours) = ours
        .wait_timeout(our_mutex.lock().unwrap(), Duration::ZERO)
        .unwrap();
    let (_h, theirs) = theirs
        .wait_timeout(their_mutex.lock().unwrap(), Duration::ZERO)
        .unwrap();
    assert_eq!(format!("{ours:?}"), format!("{theirs:?}"));
    assert_eq!(ours.clone(), ours);
}
