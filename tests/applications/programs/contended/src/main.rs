//! Locks that are held while their threads sleep and eight others contend for them, of each crate in its own way:
//! parking_lot, dashmap, event-listener, async-io, blocking and tokio.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex as StdMutex};
use std::thread;
use std::time::{Duration, Instant};

use async_io::Timer;
use dashmap::DashMap;
use event_listener::{Event, Listener};
use futures_lite::future;
use parking_lot::{Condvar, FairMutex, Mutex, ReentrantMutex, RwLock};
use tokio::runtime::{Builder, Runtime};

const THREADS: usize = 8;

/// Tells whether two threads are ever where one may be.
#[derive(Default)]
struct Alone(AtomicBool);

impl Alone {
    /// Sleeps as the only thread that does.
    fn sleep(&self) {
        assert!(!self.0.swap(true, Ordering::SeqCst), "not excluded");
        thread::sleep(Duration::from_millis(1));
        assert!(self.0.swap(false, Ordering::SeqCst), "not excluded");
    }
}

/// Runs `step` several times on each of the threads, while `held` keeps what it waits for across a sleep.
/// Returns how many steps were made.
fn contend(rounds: usize, held: impl FnOnce(&dyn Fn()), step: impl Fn(usize) + Sync) -> usize {
    let steps = AtomicUsize::new(0);
    thread::scope(|scope| {
        held(&|| {
            for thread in 0..THREADS {
                let (step, steps) = (&step, &steps);
                scope.spawn(move || {
                    for _ in 0..rounds {
                        step(thread);
                        steps.fetch_add(1, Ordering::SeqCst);
                    }
                });
            }
            thread::sleep(Duration::from_millis(5));
            assert_eq!(steps.load(Ordering::SeqCst), 0, "not excluded");
        });
    });
    steps.into_inner()
}

fn parking_lot_locks(rounds: usize) {
    let (lock, alone) = (Mutex::new(0), Alone::default());
    let steps = contend(
        rounds,
        |start| {
            let _guard = lock.lock();
            start();
        },
        |_| {
            let mut guard = lock.lock();
            alone.sleep();
            *guard += 1;
        },
    );
    println!("parking_lot::Mutex: {steps} steps, {}", lock.into_inner());

    let (lock, alone) = (RwLock::new(0), Alone::default());
    let steps = contend(
        rounds,
        |start| {
            let _guard = lock.write();
            start();
        },
        |thread| {
            if thread % 2 == 0 {
                let mut guard = lock.write();
                alone.sleep();
                *guard += 1;
            } else {
                let guard = lock.read();
                let before = *guard;
                thread::sleep(Duration::from_millis(1));
                assert_eq!(*guard, before);
            }
        },
    );
    println!("parking_lot::RwLock: {steps} steps, {}", lock.into_inner());

    let lock = ReentrantMutex::new(Alone::default());
    let steps = contend(
        rounds,
        |start| {
            let _guard = lock.lock();
            start();
        },
        |_| {
            let outer = lock.lock();
            let inner = lock.lock();
            inner.sleep();
            drop(inner);
            outer.sleep();
        },
    );
    println!("parking_lot::ReentrantMutex: {steps} steps");

    let (lock, alone) = (FairMutex::new(0), Alone::default());
    let steps = contend(
        rounds,
        |start| {
            let _guard = lock.lock();
            start();
        },
        |_| {
            let mut guard = lock.lock();
            alone.sleep();
            *guard += 1;
        },
    );
    println!(
        "parking_lot::FairMutex: {steps} steps, {}",
        lock.into_inner()
    );

    let (lock, free) = (Mutex::new(false), Condvar::new());
    let alone = Alone::default();
    let steps = contend(
        rounds,
        |start| {
            start();
            *lock.lock() = true;
            free.notify_one();
        },
        |_| {
            let mut guard = lock.lock();
            while !*guard {
                free.wait(&mut guard);
            }
            *guard = false;
            drop(guard);
            alone.sleep();
            *lock.lock() = true;
            free.notify_one();
        },
    );
    println!("parking_lot::Condvar: {steps} steps");
}

fn maps(rounds: usize) {
    let map: DashMap<_, _> = [("key", 0)].into_iter().collect();
    let alone = Alone::default();
    let steps = contend(
        rounds,
        |start| {
            let _guard = map.get_mut("key");
            start();
        },
        |thread| {
            if thread % 2 == 0 {
                let mut value = map.entry("key").or_insert(0);
                alone.sleep();
                *value += 1;
            } else {
                let value = map.get("key").expect("it is never removed");
                let before = *value;
                thread::sleep(Duration::from_millis(1));
                assert_eq!(*value, before);
            }
        },
    );
    let value = *map.get("key").expect("it is never removed");
    println!("dashmap: {steps} steps, {value}");
}

/// A lock that is made of an event.
#[derive(Default)]
struct EventLock {
    held: AtomicBool,
    released: Event,
}

impl EventLock {
    fn lock(&self) {
        while self.held.swap(true, Ordering::SeqCst) {
            event_listener::listener!(self.released => listener);
            if !self.held.swap(true, Ordering::SeqCst) {
                return;
            }
            listener.wait();
        }
    }

    fn unlock(&self) {
        self.held.store(false, Ordering::SeqCst);
        self.released.notify(1);
    }
}

fn events(rounds: usize) {
    let (lock, alone) = (EventLock::default(), Alone::default());
    let steps = contend(
        rounds,
        |start| {
            lock.lock();
            start();
            lock.unlock();
        },
        |_| {
            lock.lock();
            alone.sleep();
            lock.unlock();
        },
    );
    println!("event-listener: {steps} steps");
}

fn timers(rounds: usize) {
    let (lock, alone) = (StdMutex::new(0), Alone::default());
    let steps = contend(
        rounds,
        |start| {
            let _guard = lock.lock();
            start();
        },
        |_| {
            let mut guard = lock.lock().expect("no thread panics");
            async_io::block_on(Timer::after(Duration::from_millis(1)));
            alone.sleep();
            *guard += 1;
            drop(guard);
            // Now several at once.
            async_io::block_on(Timer::after(Duration::from_millis(1)));
        },
    );
    println!(
        "async-io: {steps} steps, {}",
        lock.into_inner().expect("no thread panics")
    );
}

fn pools(rounds: usize) {
    let shared = Arc::new((StdMutex::new(0), Alone::default()));
    let steps = contend(
        rounds,
        |start| {
            let _guard = shared.0.lock();
            start();
        },
        |_| {
            let shared = shared.clone();
            let task = blocking::unblock(move || {
                let mut guard = shared.0.lock().expect("no thread panics");
                shared.1.sleep();
                *guard += 1;
            });
            future::block_on(task);
        },
    );
    let sum = *shared.0.lock().expect("no thread panics");
    println!("blocking: {steps} steps, {sum}");
}

fn runtimes(rounds: usize) {
    let (lock, alone) = (tokio::sync::Mutex::new(0), Alone::default());
    let steps = contend(
        rounds,
        |start| {
            let _guard = lock.blocking_lock();
            start();
        },
        |_| {
            let mut guard = lock.blocking_lock();
            alone.sleep();
            *guard += 1;
        },
    );
    println!("tokio, Mutex: {steps} steps, {}", lock.into_inner());

    // A channel of one place is a lock, too.
    let (sender, mut receiver) = tokio::sync::mpsc::channel(1);
    let alone = Alone::default();
    let mut sum = 0;
    let steps = contend(
        rounds,
        |start| {
            sender.blocking_send(0).expect("there is a receiver");
            start();
            for _ in 0..=THREADS * rounds {
                alone.sleep();
                sum += receiver.blocking_recv().expect("there are senders");
            }
        },
        |thread| sender.blocking_send(thread).expect("there is a receiver"),
    );
    println!("tokio, mpsc: {steps} steps, {sum}");

    let runtime = runtime();
    let (lock, alone) = (
        Arc::new(tokio::sync::Mutex::new(0)),
        Arc::new(Alone::default()),
    );
    let steps = contend(
        rounds,
        |start| {
            let _guard = runtime.block_on(lock.lock());
            start();
        },
        |thread| {
            let (lock, alone) = (lock.clone(), alone.clone());
            let step = async move {
                let mut guard = lock.lock().await;
                alone.sleep();
                tokio::time::sleep(Duration::from_millis(1)).await;
                *guard += 1;
            };
            if thread % 2 == 0 {
                runtime.block_on(step);
            } else {
                let task = runtime.spawn(step);
                runtime.block_on(task).expect("no task panics");
            }
        },
    );
    println!("tokio, block_on: {steps} steps, {}", lock.blocking_lock());
}

fn runtime() -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("threads can be started")
}

fn main() {
    let measure = std::env::args().nth(1).is_some();
    if measure {
        measured();
        return;
    }
    parking_lot_locks(3);
    maps(3);
    events(3);
    timers(3);
    pools(3);
    runtimes(3);
}

/// Prints how often a second a lock is handed on.
fn measured() {
    let (lock, rounds) = (EventLock::default(), 20_000);
    let start = Instant::now();
    let steps = contend(
        rounds,
        |start| {
            lock.lock();
            start();
            lock.unlock();
        },
        |_| {
            lock.lock();
            thread::yield_now();
            lock.unlock();
        },
    );
    println!(
        "{:.0} locks/s",
        steps as f64 / start.elapsed().as_secs_f64()
    );
}
