//! Locks and channels between threads of all kinds, with blocking and yielding at random.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use greenpatch::sync::mpsc::{self, RecvTimeoutError, TryRecvError, TrySendError};
use greenpatch::sync::{Barrier, Condvar, LazyLock, Mutex, Once, OnceLock, RwLock};
use greenpatch::sync::{RwLockWriteGuard, TryLockError};
use greenpatch::thread;
use greenpatch_tests::Random;

use crate::Case;

pub(crate) const CASES: &[Case] = &[
    ("mutexes at random", mutexes_at_random),
    ("read-write locks at random", rwlocks_at_random),
    ("a greedy writer does not starve others", a_greedy_writer),
    ("greedy readers starve no writer", greedy_readers),
    ("a buffer with conditions at random", buffer_at_random),
    ("channels at random", channels_at_random),
    ("bounded channels at random", bounded_channels_at_random),
    ("a channel whose receiver goes", the_receiver_goes),
    (
        "an initialisation that blocks",
        an_initialisation_that_blocks,
    ),
    ("a barrier", a_barrier),
    ("waits with a deadline are never early", never_early),
    ("deadlines lose no message", deadlines_lose_no_message),
];

/// Runs the bodies, every third one on an OS thread that greenpatch did not start.
fn run<F: FnOnce() + Send + 'static>(bodies: Vec<F>) {
    let (alive, ended) = mpsc::channel::<()>();
    let (mut ours, mut natives) = (Vec::new(), Vec::new());
    for (number, body) in bodies.into_iter().enumerate() {
        if number % 3 == 2 {
            let alive = alive.clone();
            natives.push(std::thread::spawn(move || {
                let _alive = alive;
                body();
            }));
        } else {
            ours.push(thread::spawn(body));
        }
    }
    drop(alive);
    // A native join would stop this hub, which they may need.
    assert!(ended.recv().is_err());
    for native in natives {
        native.join().unwrap();
    }
    for thread in ours {
        thread.join().unwrap();
    }
}

/// Lets others run, now and then.
fn pause(random: &mut Random) {
    match random.below(40) {
        0 => thread::sleep(Duration::from_micros(random.below(200))),
        1..=8 => thread::yield_now(),
        _ => {}
    }
}

fn mutexes_at_random() {
    let mut random = Random::new();
    let shared = Arc::new((
        [Mutex::new(0), Mutex::new(0), Mutex::new(0)],
        AtomicUsize::new(0),
    ));
    let bodies = (0..9).map(|_| {
        let (shared, mut random) = (shared.clone(), Random::seeded(random.draw()));
        move || {
            for _ in 0..300 {
                let mutex = &shared.0[random.below(3) as usize];
                let guard = match random.below(4) {
                    0 => mutex.try_lock().ok(),
                    _ => Some(mutex.lock().unwrap()),
                };
                let Some(mut guard) = guard else { continue };
                let before = *guard;
                pause(&mut random);
                *guard = before + 1;
                shared.1.fetch_add(1, Ordering::Relaxed);
            }
        }
    });
    run(bodies.collect());
    let sum: usize = shared.0.iter().map(|mutex| *mutex.lock().unwrap()).sum();
    assert_eq!(sum, shared.1.load(Ordering::Relaxed));
}

fn rwlocks_at_random() {
    let mut random = Random::new();
    let shared = Arc::new(([RwLock::new(0), RwLock::new(0)], AtomicUsize::new(0)));
    let bodies = (0..9).map(|_| {
        let (shared, mut random) = (shared.clone(), Random::seeded(random.draw()));
        move || {
            for _ in 0..300 {
                let lock = &shared.0[random.below(2) as usize];
                if random.below(4) > 0 {
                    let guard = match random.below(5) {
                        0 => match lock.try_read() {
                            Ok(guard) => guard,
                            Err(TryLockError::WouldBlock) => continue,
                            Err(TryLockError::Poisoned(_)) => unreachable!(),
                        },
                        _ => lock.read().unwrap(),
                    };
                    let before = *guard;
                    pause(&mut random);
                    assert_eq!(*guard, before);
                    continue;
                }
                let mut guard = match random.below(5) {
                    0 => match lock.try_write() {
                        Ok(guard) => guard,
                        Err(TryLockError::WouldBlock) => continue,
                        Err(TryLockError::Poisoned(_)) => unreachable!(),
                    },
                    _ => lock.write().unwrap(),
                };
                let after = *guard + 1;
                pause(&mut random);
                *guard = after;
                shared.1.fetch_add(1, Ordering::Relaxed);
                if random.below(2) == 0 {
                    let guard = RwLockWriteGuard::downgrade(guard);
                    pause(&mut random);
                    assert_eq!(*guard, after);
                }
            }
        }
    });
    run(bodies.collect());
    let sum: usize = shared.0.iter().map(|lock| *lock.read().unwrap()).sum();
    assert_eq!(sum, shared.1.load(Ordering::Relaxed));
}

/// The writer unlocks and locks again at once, and yields while it holds the lock: every other thread finds it held.
fn a_greedy_writer() {
    let shared = Arc::new((RwLock::new(0_u64), AtomicBool::new(false)));
    let greedy = {
        let shared = shared.clone();
        thread::spawn(move || {
            while !shared.1.load(Ordering::Relaxed) {
                let mut guard = shared.0.write().unwrap();
                *guard += 1;
                thread::yield_now();
            }
        })
    };
    for _ in 0..20 {
        drop(shared.0.read().unwrap());
        drop(shared.0.write().unwrap());
    }
    shared.1.store(true, Ordering::Relaxed);
    greedy.join().unwrap();
}

fn greedy_readers() {
    let shared = Arc::new((RwLock::new(0_u64), AtomicBool::new(false)));
    let readers: Vec<_> = (0..3)
        .map(|_| {
            let shared = shared.clone();
            thread::spawn(move || {
                while !shared.1.load(Ordering::Relaxed) {
                    let _guard = shared.0.read().unwrap();
                    thread::yield_now();
                }
            })
        })
        .collect();
    for _ in 0..20 {
        *shared.0.write().unwrap() += 1;
    }
    shared.1.store(true, Ordering::Relaxed);
    for reader in readers {
        reader.join().unwrap();
    }
}

fn buffer_at_random() {
    const ITEMS: usize = 200;
    #[derive(Default)]
    struct Buffer {
        items: Mutex<Vec<usize>>,
        filled: Condvar,
        emptied: Condvar,
    }
    let mut random = Random::new();
    let shared = Arc::new((Buffer::default(), AtomicUsize::new(0), AtomicUsize::new(0)));
    let bodies = (0..8).map(|number| {
        let (shared, mut random) = (shared.clone(), Random::seeded(random.draw()));
        move || {
            let Buffer {
                items,
                filled,
                emptied,
            } = &shared.0;
            for _ in 0..ITEMS {
                pause(&mut random);
                let timeout = Duration::from_micros(random.below(300));
                let mut guard = items.lock().unwrap();
                if number % 2 == 0 {
                    while guard.len() == 3 {
                        guard = match random.below(2) {
                            0 => emptied.wait_timeout(guard, timeout).unwrap().0,
                            _ => emptied.wait(guard).unwrap(),
                        };
                    }
                    let item = random.below(1_000) as usize;
                    shared.1.fetch_add(item, Ordering::Relaxed);
                    guard.push(item);
                    drop(guard);
                    // All, since one notification might go to a waiter that has timed out.
                    filled.notify_all();
                } else {
                    let item = loop {
                        if let Some(item) = guard.pop() {
                            break item;
                        }
                        guard = match random.below(2) {
                            0 => filled.wait_timeout(guard, timeout).unwrap().0,
                            _ => filled.wait(guard).unwrap(),
                        };
                    };
                    shared.2.fetch_add(item, Ordering::Relaxed);
                    drop(guard);
                    emptied.notify_all();
                }
            }
        }
    });
    run(bodies.collect());
    assert_eq!(
        shared.1.load(Ordering::Relaxed),
        shared.2.load(Ordering::Relaxed)
    );
}

/// Receives in all ways, until all senders are gone, and checks the order of each sender's messages.
fn receive_all(
    receiver: &mpsc::Receiver<(usize, usize)>,
    senders: usize,
    messages: usize,
    mut random: Random,
) {
    let mut next = vec![0; senders];
    loop {
        let received = match random.below(4) {
            0 => match receiver.try_recv() {
                Err(TryRecvError::Empty) => continue,
                Err(TryRecvError::Disconnected) => None,
                Ok(message) => Some(message),
            },
            1 => match receiver.recv_timeout(Duration::from_micros(random.below(200))) {
                Err(RecvTimeoutError::Timeout) => continue,
                Err(RecvTimeoutError::Disconnected) => None,
                Ok(message) => Some(message),
            },
            _ => receiver.recv().ok(),
        };
        let Some((sender, message)) = received else {
            break;
        };
        assert_eq!(next[sender], message);
        next[sender] += 1;
    }
    assert_eq!(next, vec![messages; senders]);
}

fn channels_at_random() {
    const MESSAGES: usize = 400;
    let mut random = Random::new();
    let (sender, receiver) = mpsc::channel();
    let seed = Random::seeded(random.draw());
    let receiving = thread::spawn(move || receive_all(&receiver, 6, MESSAGES, seed));
    let bodies = (0..6).map(|number| {
        let (sender, mut random) = (sender.clone(), Random::seeded(random.draw()));
        move || {
            for message in 0..MESSAGES {
                pause(&mut random);
                sender.send((number, message)).unwrap();
            }
        }
    });
    let bodies = bodies.collect();
    drop(sender);
    run(bodies);
    receiving.join().unwrap();
}

fn bounded_channels_at_random() {
    const MESSAGES: usize = 200;
    let mut random = Random::new();
    for bound in [0, 1, 4] {
        let (sender, receiver) = mpsc::sync_channel(bound);
        let seed = Random::seeded(random.draw());
        let receiving = thread::spawn(move || receive_all(&receiver, 6, MESSAGES, seed));
        let bodies = (0..6).map(|number| {
            let (sender, mut random) = (sender.clone(), Random::seeded(random.draw()));
            move || {
                for message in 0..MESSAGES {
                    pause(&mut random);
                    let mut message = (number, message);
                    if random.below(2) == 0 {
                        sender.send(message).unwrap();
                        continue;
                    }
                    while let Err(error) = sender.try_send(message) {
                        let TrySendError::Full(back) = error else {
                            panic!("the receiver is gone");
                        };
                        message = back;
                    }
                }
            }
        });
        let bodies = bodies.collect();
        drop(sender);
        run(bodies);
        receiving.join().unwrap();
    }
}

fn the_receiver_goes() {
    for bound in [None, Some(0), Some(2)] {
        let message = Arc::new(());
        let send: Arc<dyn Fn() -> bool + Send + Sync>;
        let receiver;
        match bound {
            None => {
                let (sender, end) = mpsc::channel();
                let message = message.clone();
                send = Arc::new(move || sender.send(message.clone()).is_ok());
                receiver = end;
            }
            Some(bound) => {
                let (sender, end) = mpsc::sync_channel(bound);
                let message = message.clone();
                send = Arc::new(move || sender.send(message.clone()).is_ok());
                receiver = end;
            }
        }
        let goes = thread::spawn(move || {
            for _ in 0..50 {
                receiver.recv().unwrap();
            }
        });
        let bodies = (0..4).map(|_| {
            let send = send.clone();
            move || while send() {}
        });
        run(bodies.collect());
        goes.join().unwrap();
        drop(send);
        assert_eq!(Arc::strong_count(&message), 1);
    }
}

fn an_initialisation_that_blocks() {
    struct Shared {
        once: Once,
        cell: OnceLock<usize>,
        lazy: LazyLock<usize>,
        times: AtomicUsize,
    }
    let shared = Arc::new(Shared {
        once: Once::new(),
        cell: OnceLock::new(),
        lazy: LazyLock::new(|| {
            thread::sleep(Duration::from_millis(1));
            7
        }),
        times: AtomicUsize::new(0),
    });
    let bodies = (0..9).map(|number| {
        let shared = shared.clone();
        move || {
            let step = || {
                thread::sleep(Duration::from_millis(1));
                thread::yield_now();
                shared.times.fetch_add(1, Ordering::Relaxed);
            };
            match number {
                0 => shared.once.wait(),
                1 => assert!(*shared.cell.wait() > 1),
                _ => {
                    shared.once.call_once(step);
                    shared.cell.get_or_init(|| {
                        step();
                        number
                    });
                }
            }
            assert!(shared.once.is_completed());
            assert!(number == 0 || *shared.cell.wait() > 1);
            assert_eq!(*shared.lazy, 7);
        }
    });
    run(bodies.collect());
    assert_eq!(shared.times.load(Ordering::Relaxed), 2);
}

fn a_barrier() {
    const THREADS: usize = 7;
    let shared = Arc::new((
        Barrier::new(THREADS),
        AtomicUsize::new(0),
        AtomicUsize::new(0),
    ));
    let bodies = (0..THREADS).map(|_| {
        let shared = shared.clone();
        move || {
            for round in 1..=20 {
                shared.1.fetch_add(1, Ordering::Relaxed);
                if shared.0.wait().is_leader() {
                    shared.2.fetch_add(1, Ordering::Relaxed);
                }
                assert!(shared.1.load(Ordering::Relaxed) >= round * THREADS);
                shared.0.wait();
            }
        }
    });
    run(bodies.collect());
    assert_eq!(shared.2.load(Ordering::Relaxed), 20);
}

fn never_early() {
    let (mutex, condvar) = (Mutex::new(()), Condvar::new());
    let (_sender, receiver) = mpsc::channel::<()>();
    let (_sync_sender, sync_receiver) = mpsc::sync_channel::<()>(0);
    for micros in [0, 1, 50, 999, 3_000] {
        let timeout = Duration::from_micros(micros);
        let waits: [&dyn Fn(); 3] = [
            &|| {
                let result = condvar.wait_timeout(mutex.lock().unwrap(), timeout);
                assert!(result.unwrap().1.timed_out());
            },
            &|| assert!(receiver.recv_timeout(timeout).is_err()),
            &|| assert!(sync_receiver.recv_timeout(timeout).is_err()),
        ];
        for wait in waits {
            let start = Instant::now();
            wait();
            assert!(start.elapsed() >= timeout);
        }
    }
}

/// Each message arrives at about the time at which the receiver times out.
fn deadlines_lose_no_message() {
    for bound in [None, Some(0), Some(1)] {
        let (sender, bounded, receiver) = match bound {
            None => {
                let (sender, receiver) = mpsc::channel();
                (Some(sender), None, receiver)
            }
            Some(bound) => {
                let (sender, receiver) = mpsc::sync_channel(bound);
                (None, Some(sender), receiver)
            }
        };
        let sending = thread::spawn(move || {
            for number in 0..100 {
                thread::sleep(Duration::from_micros(100));
                match (&sender, &bounded) {
                    (Some(sender), _) => sender.send(number).unwrap(),
                    (_, Some(sender)) => sender.send(number).unwrap(),
                    _ => unreachable!(),
                }
            }
        });
        let mut next = 0;
        loop {
            match receiver.recv_timeout(Duration::from_micros(150)) {
                Ok(number) => {
                    assert_eq!(number, next);
                    next += 1;
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        assert_eq!(next, 100);
        sending.join().unwrap();
    }
}
