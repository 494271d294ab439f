//! Native threads with those of greenpatch.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

use greenpatch::sync::{Condvar, Mutex, mpsc};
use greenpatch::thread;

use crate::Case;

pub(crate) const CASES: &[Case] = &[
    (
        "native and greenpatch threads share a lock",
        native_and_greenpatch_threads_share_a_lock,
    ),
    (
        "a native thread signals a greenpatch thread",
        a_native_thread_signals_a_greenpatch_thread,
    ),
    (
        "a greenpatch thread signals a native thread",
        a_greenpatch_thread_signals_a_native_thread,
    ),
    (
        "a native thread joins a greenpatch thread",
        a_native_thread_joins_a_greenpatch_thread,
    ),
    (
        "a native thread ends after a greenpatch thread unlocks",
        a_native_thread_ends_after_a_greenpatch_thread_unlocks,
    ),
    (
        "a native thread unparks a greenpatch thread",
        a_native_thread_unparks_a_greenpatch_thread,
    ),
    ("a lock made before patching", a_lock_made_before_patching),
    (
        "no thread starves another of a lock",
        no_thread_starves_another,
    ),
    (
        "an endless sender does not starve its receiver",
        an_endless_sender_does_not_starve_its_receiver,
    ),
];

fn native_and_greenpatch_threads_share_a_lock() {
    const TIMES: usize = 500;
    let lock = Arc::new(Mutex::new(0));
    let add = {
        let lock = lock.clone();
        move || {
            for turn in 0..TIMES {
                let mut guard = lock.lock().unwrap();
                let value = *guard;
                if turn % 50 == 0 {
                    thread::yield_now();
                }
                *guard = value + 1;
            }
        }
    };
    let natives: Vec<_> = (0..3).map(|_| std::thread::spawn(add.clone())).collect();
    let ours: Vec<_> = (0..3).map(|_| thread::spawn(add.clone())).collect();
    for thread in ours {
        thread.join().unwrap();
    }
    for thread in natives {
        thread.join().unwrap();
    }
    assert_eq!(*lock.lock().unwrap(), 6 * TIMES);
}

fn a_native_thread_signals_a_greenpatch_thread() {
    let shared = Arc::new((Mutex::new(false), Condvar::new()));
    let native = std::thread::spawn({
        let shared = shared.clone();
        move || {
            *shared.0.lock().unwrap() = true;
            shared.1.notify_all();
        }
    });
    let ours = thread::spawn({
        let shared = shared.clone();
        move || {
            drop(
                shared
                    .1
                    .wait_while(shared.0.lock().unwrap(), |ready| !*ready)
                    .unwrap(),
            )
        }
    });
    drop(
        shared
            .1
            .wait_while(shared.0.lock().unwrap(), |ready| !*ready)
            .unwrap(),
    );
    ours.join().unwrap();
    native.join().unwrap();
}

fn a_greenpatch_thread_signals_a_native_thread() {
    let shared = Arc::new((Mutex::new(false), Condvar::new()));
    let native = std::thread::spawn({
        let shared = shared.clone();
        move || {
            drop(
                shared
                    .1
                    .wait_while(shared.0.lock().unwrap(), |ready| !*ready)
                    .unwrap(),
            )
        }
    });
    thread::spawn(move || {
        *shared.0.lock().unwrap() = true;
        shared.1.notify_all();
    })
    .join()
    .unwrap();
    native.join().unwrap();
}

/// The value that the native thread destroys last waits for a lock that a green thread holds.
fn a_native_thread_ends_after_a_greenpatch_thread_unlocks() {
    struct Locks(Arc<Mutex<bool>>);
    impl Drop for Locks {
        fn drop(&mut self) {
            *self.0.lock().unwrap() = true;
        }
    }
    std::thread_local!(static LOCKS: RefCell<Option<Locks>> = const { RefCell::new(None) });

    let lock = Arc::new(Mutex::new(false));
    let (go, goes) = mpsc::channel();
    let (held, is_held) = mpsc::channel();
    let holding = thread::spawn({
        let lock = lock.clone();
        move || {
            let guard = lock.lock().unwrap();
            held.send(()).unwrap();
            goes.recv().unwrap();
            drop(guard);
        }
    });
    is_held.recv().unwrap();
    let native = greenpatch::native(|| {
        let lock = lock.clone();
        thread::spawn(move || LOCKS.set(Some(Locks(lock))))
    });
    let telling = thread::spawn(move || {
        thread::sleep(Duration::from_millis(10));
        go.send(()).unwrap();
    });
    native.join().unwrap();
    assert!(*lock.lock().unwrap(), "it has ended");
    telling.join().unwrap();
    holding.join().unwrap();
}

fn a_native_thread_joins_a_greenpatch_thread() {
    let ours = thread::spawn(|| {
        thread::sleep(Duration::from_millis(1));
        5
    });
    let (sender, receiver) = greenpatch::sync::mpsc::channel();
    let native = std::thread::spawn(move || sender.send(ours.join().unwrap()).unwrap());
    // Through the channel, so that this thread's hub can run meanwhile.
    assert_eq!(receiver.recv().unwrap(), 5);
    native.join().unwrap();
}

fn a_native_thread_unparks_a_greenpatch_thread() {
    for _ in 0..50 {
        let me = thread::current();
        let native = std::thread::spawn(move || me.unpark());
        thread::park();
        native.join().unwrap();
    }
}

fn a_lock_made_before_patching() {
    static LOCK: Mutex<u32> = Mutex::new(0);
    let mut threads = Vec::new();
    let guard = LOCK.lock().unwrap();
    for _ in 0..4 {
        threads.push(thread::spawn(|| *LOCK.lock().unwrap() += 1));
    }
    thread::yield_now();
    let before = *guard;
    drop(guard);
    for thread in threads {
        thread.join().unwrap();
    }
    assert_eq!(*LOCK.lock().unwrap(), before + 4);
}

/// Each thread unlocks only to lock again at once, and blocks while it holds the lock.
fn no_thread_starves_another() {
    let lock = Arc::new(Mutex::new([0_u32; 3]));
    let threads: Vec<_> = (0..3)
        .map(|number| {
            let lock = lock.clone();
            thread::spawn(move || {
                loop {
                    let mut turns = lock.lock().unwrap();
                    turns[number] += 1;
                    if turns.iter().all(|&turns| turns >= 5) {
                        return;
                    }
                    thread::sleep(Duration::from_micros(100));
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
}

/// A sender that never waits does not starve the receiver.
fn an_endless_sender_does_not_starve_its_receiver() {
    let (sender, receiver) = greenpatch::sync::mpsc::channel();
    let receiving = thread::spawn(move || receiver.recv().unwrap());
    while sender.send(1).is_ok() {}
    assert_eq!(receiving.join().unwrap(), 1);
}
