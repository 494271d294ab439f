//! Tests of the raw mutex, with threads of several kinds.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;

use super::support::{Restless, Watchdog};
use super::turns::{Turn, Turns};
use crate::sync::RawMutex;
use crate::wait::native::Native;
use crate::wait::park;

/// On a scheduler without preemption a thread that releases a mutex and acquires it again at once does not starve a waiter:
/// after one wakeup without success the waiter is handed the mutex.
#[test]
fn a_greedy_thread_does_not_starve_waiters() {
    let _dog = Watchdog::new();
    let mutex = Arc::new(RawMutex::new());
    let (rounds, done) = (
        Arc::new(AtomicU32::new(0)),
        Arc::new(AtomicBool::new(false)),
    );
    let greedy = {
        let (mutex, rounds, done) = (mutex.clone(), rounds.clone(), done.clone());
        move |turn: &Turn| {
            while !done.load(Ordering::Relaxed) {
                turn.lock(&mutex);
                rounds.fetch_add(1, Ordering::Relaxed);
                // The other thread runs only while the mutex is held.
                turn.yield_now();
                mutex.unlock();
            }
        }
    };
    let modest = move |turn: &Turn| {
        for _ in 0..100 {
            let before = rounds.load(Ordering::Relaxed);
            turn.lock(&mutex);
            let after = rounds.load(Ordering::Relaxed);
            assert!(after - before <= 3, "overtaken {} times", after - before);
            mutex.unlock();
            turn.yield_now();
        }
        done.store(true, Ordering::Relaxed);
    };
    Turns::run(vec![Box::new(greedy), Box::new(modest)]);
}

/// The mutex excludes threads that yield while they hold it, and each of them acquires it.
#[test]
fn threads_that_take_turns_exclude_each_other() {
    let _dog = Watchdog::new();
    let mutex = Arc::new(RawMutex::new());
    let holder = Arc::new(AtomicU32::new(u32::MAX));
    let body = |number: u32| -> Box<dyn FnOnce(&Turn) + Send> {
        let (mutex, holder) = (mutex.clone(), holder.clone());
        Box::new(move |turn| {
            for _ in 0..50 {
                turn.lock(&mutex);
                assert_eq!(holder.swap(number, Ordering::Relaxed), u32::MAX);
                turn.yield_now();
                assert_eq!(holder.swap(u32::MAX, Ordering::Relaxed), number);
                mutex.unlock();
            }
        })
    };
    Turns::run((0..6).map(body).collect());
}

/// Threads with three kinds of parkers share one mutex.
#[test]
fn threads_of_all_kinds_share_a_mutex() {
    let _dog = Watchdog::new();
    let mutex = Arc::new(RawMutex::new());
    let (count, inside) = (
        Arc::new(AtomicU32::new(0)),
        Arc::new(AtomicBool::new(false)),
    );
    let critical = {
        let (count, inside) = (count.clone(), inside.clone());
        move |pause: &dyn Fn()| {
            assert!(!inside.swap(true, Ordering::Relaxed));
            count.fetch_add(1, Ordering::Relaxed);
            pause();
            inside.store(false, Ordering::Relaxed);
        }
    };
    let others: Vec<_> = [true, false, true, false]
        .map(|native| {
            let (mutex, critical) = (mutex.clone(), critical.clone());
            thread::spawn(move || {
                for _ in 0..200 {
                    if native {
                        assert!(mutex.lock_contended(|wait| park::wait(&Native::current(), &wait)));
                    } else {
                        assert!(mutex.lock_contended(|wait| park::wait(&Restless, &wait)));
                    }
                    critical(&thread::yield_now);
                    mutex.unlock();
                }
            })
        })
        .into();
    let body = |_| -> Box<dyn FnOnce(&Turn) + Send> {
        let (mutex, critical) = (mutex.clone(), critical.clone());
        Box::new(move |turn| {
            for _ in 0..200 {
                turn.lock(&mutex);
                critical(&|| turn.yield_now());
                mutex.unlock();
            }
        })
    };
    Turns::run((0..3).map(body).collect());
    for other in others {
        other.join().unwrap();
    }
    assert_eq!(count.load(Ordering::Relaxed), 7 * 200);
}
