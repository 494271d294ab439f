//! `thread`: spawning, joining, parking, scopes.

use std::os::unix::thread::JoinHandleExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use greenpatch::sync::mpsc;
use greenpatch::thread;

use crate::Case;

pub(crate) const CASES: &[Case] = &[
    ("spawn and join", spawn_and_join),
    ("names and ids", names_and_ids),
    ("pthreads", pthreads),
    (
        "a handle that outlives the thread",
        a_handle_that_outlives_the_thread,
    ),
    ("detached", detached),
    ("a result that is not joined", a_result_that_is_not_joined),
    ("park and unpark", park_and_unpark),
    ("unpark before park", unpark_before_park),
    ("park with a timeout", park_with_a_timeout),
    ("sleep", sleep),
    ("sleepers overlap", sleepers_overlap),
    ("scope", scope),
    ("scope waits for a panic", scope_waits_for_a_panic),
    ("many threads", many_threads),
    ("is_finished", is_finished),
    ("spin until another thread", spin_until_another_thread),
    ("stack size", stack_size),
    ("a name with a null byte", a_name_with_a_null_byte),
];

fn spawn_and_join() {
    assert_eq!(thread::spawn(|| 6 * 7).join().unwrap(), 42);
    let moved = String::from("moved");
    assert_eq!(
        thread::spawn(move || moved + " twice").join().unwrap(),
        "moved twice"
    );
}

/// A handle returns the pthread on which the thread runs, while and after it does, and before it does unless another worker
/// takes it over.
fn pthreads() {
    // SAFETY: it has no preconditions.
    let me = || unsafe { libc::pthread_self() };
    let (tell, told) = mpsc::channel();
    let (go, wait) = mpsc::channel();
    let handle = thread::spawn(move || {
        tell.send(me()).unwrap();
        wait.recv().unwrap();
    });
    let before = handle.as_pthread_t();
    let pthread = told.recv().unwrap();
    assert_eq!(handle.as_pthread_t(), pthread);
    assert!(before == pthread || greenpatch::stats().hubs.len() > 1);
    let is_green = greenpatch::is_item_patched("std::thread::spawn").unwrap();
    assert!(is_green || pthread != me());
    assert_eq!(handle.into_pthread_t(), pthread);
    go.send(()).unwrap();
    if !is_green {
        // SAFETY: the pthread was given up to this caller.
        let joined = unsafe { libc::pthread_join(pthread, std::ptr::null_mut()) };
        assert_eq!(joined, 0);
    }
}

fn names_and_ids() {
    let me = thread::current();
    let named = thread::Builder::new().name("named".into());
    let handle = named
        .spawn(move || {
            let current = thread::current();
            assert_eq!(current.name(), Some("named"));
            assert_ne!(current.id(), me.id());
            current.id()
        })
        .unwrap();
    let id = handle.thread().id();
    assert_eq!(handle.thread().name(), Some("named"));
    assert_eq!(handle.join().unwrap(), id);
    assert_eq!(thread::current().id(), thread::current().id());
    assert!(
        thread::spawn(|| thread::current().name().is_none())
            .join()
            .unwrap()
    );
}

fn a_handle_that_outlives_the_thread() {
    let joined = thread::spawn(thread::current);
    let outside = joined.thread().clone();
    let inside = joined.join().unwrap();
    assert_eq!(inside.id(), outside.id());
    outside.unpark();
    // Asked only after the thread has ended, the answer is the same.
    let late = thread::spawn(|| thread::current().id());
    while !late.is_finished() {
        thread::yield_now();
    }
    let outside = late.thread().clone();
    assert_eq!(late.join().unwrap(), outside.id());
    assert_eq!(outside.name(), None);
}

/// Reports the name of the thread on which it is dropped.
struct Tells(mpsc::Sender<Option<String>>);

impl Drop for Tells {
    fn drop(&mut self) {
        let name = thread::current().name().map(String::from);
        self.0.send(name).unwrap();
    }
}

fn a_result_that_is_not_joined() {
    let (sender, receiver) = mpsc::channel();
    let spawn = |go: &Arc<AtomicBool>| {
        let go = go.clone();
        let result = Tells(sender.clone());
        let builder = thread::Builder::new().name("unwanted".into());
        let body = move || {
            while !go.load(Ordering::Acquire) {
                thread::park();
            }
            result
        };
        builder.spawn(body).unwrap()
    };
    // By the thread itself, if the handle was dropped before.
    let go = Arc::new(AtomicBool::new(false));
    let waits = spawn(&go);
    let thread = waits.thread().clone();
    drop(waits);
    go.store(true, Ordering::Release);
    thread.unpark();
    assert_eq!(receiver.recv().unwrap().as_deref(), Some("unwanted"));
    // By the thread that drops the handle, if the other one ended before.
    let ends = spawn(&go);
    while !ends.is_finished() {
        thread::yield_now();
    }
    assert!(receiver.try_recv().is_err());
    drop(ends);
    let here = thread::current().name().map(String::from);
    assert_eq!(receiver.recv().unwrap(), here);
}

fn detached() {
    let done = Arc::new(AtomicBool::new(false));
    let me = thread::current();
    drop(thread::spawn({
        let done = done.clone();
        move || {
            thread::yield_now();
            done.store(true, Ordering::Release);
            me.unpark();
        }
    }));
    while !done.load(Ordering::Acquire) {
        thread::park();
    }
}

fn park_and_unpark() {
    let parked = thread::spawn(|| {
        thread::park();
        7
    });
    // Whether it is parked yet or not, the token is available.
    thread::yield_now();
    parked.thread().unpark();
    assert_eq!(parked.join().unwrap(), 7);
}

fn unpark_before_park() {
    thread::current().unpark();
    thread::current().unpark();
    thread::park();
    // One token only: this one has to time out.
    let before = Instant::now();
    while before.elapsed() < Duration::from_millis(3) {
        thread::park_timeout(Duration::from_millis(3));
    }
}

fn park_with_a_timeout() {
    thread::park_timeout(Duration::from_millis(1));
    thread::park_timeout(Duration::ZERO);
    // A deadline that the clock cannot represent is never reached: only the unpark ends this.
    let parked = thread::spawn(|| thread::park_timeout(Duration::MAX));
    thread::yield_now();
    parked.thread().unpark();
    parked.join().unwrap();
}

fn sleep() {
    for duration in [
        Duration::ZERO,
        Duration::from_micros(70),
        Duration::from_millis(3),
    ] {
        let before = Instant::now();
        thread::sleep(duration);
        assert!(before.elapsed() >= duration, "a sleep ended early");
    }
}

fn sleepers_overlap() {
    // Each sees all others begin before it ends, which is only possible if the sleeps overlap.
    const SLEEPERS: usize = 20;
    let begun = Arc::new(AtomicUsize::new(0));
    let sleepers: Vec<_> = (0..SLEEPERS)
        .map(|_| {
            let begun = begun.clone();
            thread::spawn(move || {
                begun.fetch_add(1, Ordering::Relaxed);
                while begun.load(Ordering::Relaxed) < SLEEPERS {
                    thread::sleep(Duration::from_millis(1));
                }
            })
        })
        .collect();
    for sleeper in sleepers {
        sleeper.join().unwrap();
    }
}

fn scope() {
    let mut numbers = vec![1, 2, 3];
    let mut other = 0;
    let sum = thread::scope(|s| {
        let sum = s.spawn(|| {
            thread::sleep(Duration::from_millis(1));
            numbers.iter().sum::<i32>()
        });
        s.spawn(|| {
            other = 5;
            s.spawn(thread::yield_now);
        });
        sum.join().unwrap()
    });
    numbers.push(sum + other);
    assert_eq!(numbers, [1, 2, 3, 11]);
}

fn scope_waits_for_a_panic() {
    let ended = AtomicBool::new(false);
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        thread::scope(|s| {
            s.spawn(|| std::panic::resume_unwind(Box::new("child")));
            s.spawn(|| {
                thread::sleep(Duration::from_millis(2));
                ended.store(true, Ordering::Release);
            });
        });
    }));
    let message = caught.unwrap_err();
    assert_eq!(
        message.downcast_ref::<&str>(),
        Some(&"a scoped thread panicked")
    );
    assert!(ended.load(Ordering::Acquire));
}

fn many_threads() {
    let count = Arc::new(AtomicUsize::new(0));
    let threads: Vec<_> = (0..300)
        .map(|_| {
            let count = count.clone();
            thread::spawn(move || {
                thread::yield_now();
                count.fetch_add(1, Ordering::Relaxed);
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    assert_eq!(count.load(Ordering::Relaxed), 300);
}

fn is_finished() {
    let go = Arc::new(AtomicBool::new(false));
    let handle = thread::spawn({
        let go = go.clone();
        move || {
            while !go.load(Ordering::Acquire) {
                thread::yield_now();
            }
        }
    });
    assert!(!handle.is_finished());
    go.store(true, Ordering::Release);
    // Nothing here yields but the call itself.
    while !handle.is_finished() {}
    handle.join().unwrap();
}

fn spin_until_another_thread() {
    let flag = Arc::new(AtomicBool::new(false));
    let handle = thread::spawn({
        let flag = flag.clone();
        move || flag.store(true, Ordering::Release)
    });
    while !flag.load(Ordering::Acquire) {
        greenpatch::hint::spin_loop();
    }
    handle.join().unwrap();
}

fn stack_size() {
    let deep = thread::Builder::new().stack_size(16 << 20);
    let handle = deep.spawn(|| {
        fn fill(depth: u32) -> u64 {
            let page = std::hint::black_box([u64::from(depth); 512]);
            if depth == 0 {
                0
            } else {
                page[511] + fill(depth - 1)
            }
        }
        fill(1000)
    });
    assert_eq!(handle.unwrap().join().unwrap(), (0..=1000_u64).sum::<u64>());
}

fn a_name_with_a_null_byte() {
    let caught = std::panic::catch_unwind(|| {
        let _ = thread::Builder::new().name("a\0b".into()).spawn(|| ());
    });
    assert!(caught.is_err());
}
