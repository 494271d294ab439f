//! `sync::RwLock`, on OS threads.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, TryLockError, mpsc};
use std::thread;
use std::time::Duration;

use greenpatch::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};
use greenpatch_tests::{Random, watchdog};

const LIMIT: Duration = Duration::from_secs(60);

#[test]
fn reads_and_writes() {
    let lock = RwLock::new(1);
    {
        let (one, two) = (lock.read().unwrap(), lock.read().unwrap());
        assert_eq!((*one, *two), (1, 1));
        assert!(matches!(lock.try_write(), Err(TryLockError::WouldBlock)));
        assert!(lock.try_read().is_ok());
    }
    *lock.write().unwrap() = 2;
    let guard = lock.write().unwrap();
    assert!(matches!(lock.try_read(), Err(TryLockError::WouldBlock)));
    assert!(matches!(lock.try_write(), Err(TryLockError::WouldBlock)));
    drop(guard);
    assert_eq!(*lock.try_write().unwrap(), 2);
    assert_eq!(lock.into_inner().unwrap(), 2);
}

#[test]
fn is_no_larger_than_std() {
    assert!(size_of::<RwLock<u64>>() <= size_of::<std::sync::RwLock<u64>>());
    assert_eq!(
        size_of::<RwLockReadGuard<'_, u64>>(),
        size_of::<std::sync::RwLockReadGuard<'_, u64>>()
    );
}

/// A read guard may stand in for one of a shorter lifetime.
#[test]
fn a_read_guard_is_covariant() {
    fn shorten<'a>(guard: RwLockReadGuard<'a, &'static str>) -> RwLockReadGuard<'a, &'a str> {
        guard
    }
    static LOCK: RwLock<&str> = RwLock::new("a");
    assert_eq!(*shorten(LOCK.read().unwrap()), "a");
}

#[test]
fn excludes() {
    let _dog = watchdog(LIMIT);
    const TIMES: usize = 5_000;
    let lock = RwLock::new((0, 0));
    let (readers, writing) = (AtomicUsize::new(0), AtomicBool::new(false));
    thread::scope(|s| {
        for _ in 0..2 {
            s.spawn(|| {
                for _ in 0..TIMES {
                    let mut guard = lock.write().unwrap();
                    assert!(!writing.swap(true, Ordering::Relaxed));
                    assert_eq!(readers.load(Ordering::Relaxed), 0);
                    guard.0 += 1;
                    guard.1 += 1;
                    writing.store(false, Ordering::Relaxed);
                }
            });
        }
        for _ in 0..4 {
            s.spawn(|| {
                for _ in 0..TIMES {
                    let guard = lock.read().unwrap();
                    readers.fetch_add(1, Ordering::Relaxed);
                    assert!(!writing.load(Ordering::Relaxed));
                    assert_eq!(guard.0, guard.1);
                    readers.fetch_sub(1, Ordering::Relaxed);
                }
            });
        }
    });
    assert_eq!(lock.into_inner().unwrap().0, 2 * TIMES);
}

#[test]
fn many_at_random() {
    let _dog = watchdog(LIMIT);
    let mut random = Random::new();
    let locks: Vec<RwLock<usize>> = (0..2).map(|_| RwLock::new(0)).collect();
    let written = AtomicUsize::new(0);
    thread::scope(|s| {
        for _ in 0..8 {
            let mut random = Random::seeded(random.draw());
            let (locks, written) = (&locks, &written);
            s.spawn(move || {
                let mut pause = move || match random.below(60) {
                    0 => thread::yield_now(),
                    1 => thread::sleep(Duration::from_micros(random.below(100))),
                    _ => {}
                };
                let mut random = Random::seeded(1);
                for _ in 0..2_000 {
                    let lock = &locks[random.below(2) as usize];
                    let write = match random.below(10) {
                        0 => Some(lock.write().unwrap()),
                        1 => lock.try_write().ok(),
                        2 => {
                            if let Ok(guard) = lock.try_read() {
                                let before = *guard;
                                pause();
                                assert_eq!(*guard, before);
                            }
                            None
                        }
                        _ => {
                            let guard = lock.read().unwrap();
                            let before = *guard;
                            pause();
                            assert_eq!(*guard, before);
                            None
                        }
                    };
                    let Some(mut guard) = write else { continue };
                    let after = *guard + 1;
                    pause();
                    *guard = after;
                    written.fetch_add(1, Ordering::Relaxed);
                    if random.below(3) == 0 {
                        let guard = RwLockWriteGuard::downgrade(guard);
                        pause();
                        assert_eq!(*guard, after);
                    }
                }
            });
        }
    });
    let sum: usize = locks.iter().map(|lock| *lock.read().unwrap()).sum();
    assert_eq!(sum, written.into_inner());
}

/// Readers that overlap forever do not keep a writer out.
#[test]
fn writers_do_not_starve() {
    let _dog = watchdog(LIMIT);
    let (lock, done) = (RwLock::new(0), AtomicBool::new(false));
    thread::scope(|s| {
        for _ in 0..3 {
            s.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    let _guard = lock.read().unwrap();
                    thread::sleep(Duration::from_micros(200));
                }
            });
        }
        for _ in 0..20 {
            *lock.write().unwrap() += 1;
        }
        done.store(true, Ordering::Relaxed);
    });
}

/// A writer that locks again at once does not starve others.
#[test]
fn nobody_starves_behind_a_writer() {
    let _dog = watchdog(LIMIT);
    let (lock, done) = (RwLock::new(0), AtomicBool::new(false));
    thread::scope(|s| {
        s.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                let mut guard = lock.write().unwrap();
                *guard += 1;
                thread::sleep(Duration::from_micros(50));
            }
        });
        for _ in 0..10 {
            drop(lock.read().unwrap());
            drop(lock.write().unwrap());
        }
        done.store(true, Ordering::Relaxed);
    });
}

/// While a writer waits, new readers queue behind it.
#[test]
fn new_readers_wait_behind_a_writer() {
    let _dog = watchdog(LIMIT);
    let lock = Arc::new(RwLock::new(0));
    let reader = lock.read().unwrap();
    let writer = {
        let lock = lock.clone();
        thread::spawn(move || *lock.write().unwrap() = 1)
    };
    // The writer waits as soon as new readers block.
    while lock.try_read().is_ok() {
        thread::yield_now();
    }
    for _ in 0..100 {
        assert!(matches!(lock.try_read(), Err(TryLockError::WouldBlock)));
        thread::yield_now();
    }
    assert_eq!(*reader, 0);
    drop(reader);
    writer.join().unwrap();
    assert_eq!(*lock.try_read().unwrap(), 1);
}

#[test]
fn downgrade_lets_readers_in_and_no_writer() {
    let _dog = watchdog(LIMIT);
    let lock = Arc::new(RwLock::new(0));
    let mut guard = lock.write().unwrap();
    let (started, starts) = mpsc::channel();
    let children: Vec<_> = (0..4)
        .map(|_| {
            let (lock, started) = (lock.clone(), started.clone());
            thread::spawn(move || {
                started.send(()).unwrap();
                *lock.read().unwrap()
            })
        })
        .collect();
    for _ in 0..4 {
        starts.recv().unwrap();
    }
    *guard = 1;
    let guard = RwLockWriteGuard::downgrade(guard);
    // They read while this thread reads.
    for child in children {
        assert_eq!(child.join().unwrap(), 1);
    }
    assert!(lock.try_write().is_err());
    assert_eq!(*guard, 1);
    drop(guard);
    assert!(lock.try_write().is_ok());
}

/// A waiting writer gets the lock after the downgraded guard is dropped.
#[test]
fn downgrade_keeps_writers_waiting() {
    let _dog = watchdog(LIMIT);
    let lock = Arc::new(RwLock::new(0));
    for round in 0..500 {
        let mut guard = lock.write().unwrap();
        let other = {
            let lock = lock.clone();
            thread::spawn(move || *lock.write().unwrap() += 1)
        };
        *guard += 1;
        let guard = RwLockWriteGuard::downgrade(guard);
        assert_eq!(*guard, 2 * round + 1);
        drop(guard);
        other.join().unwrap();
    }
}

#[test]
fn a_writers_panic_poisons() {
    let mut lock = RwLock::new(1);
    catch_unwind(AssertUnwindSafe(|| {
        let _guard = lock.write().unwrap();
        panic!("on purpose");
    }))
    .unwrap_err();
    assert!(lock.is_poisoned());
    assert_eq!(**lock.read().unwrap_err().get_ref(), 1);
    assert_eq!(**lock.write().unwrap_err().get_ref(), 1);
    assert!(matches!(lock.try_read(), Err(TryLockError::Poisoned(_))));
    assert!(matches!(lock.try_write(), Err(TryLockError::Poisoned(_))));
    assert!(lock.get_mut().is_err());
    lock.clear_poison();
    assert!(lock.read().is_ok());
    catch_unwind(AssertUnwindSafe(|| {
        let _guard = RwLockWriteGuard::downgrade(lock.write().unwrap());
        panic!("on purpose");
    }))
    .unwrap_err();
    assert!(!lock.is_poisoned());
    assert_eq!(lock.into_inner().unwrap(), 1);
}

#[test]
fn a_readers_panic_does_not_poison() {
    let lock = RwLock::new(1);
    catch_unwind(|| {
        let _guard = lock.read().unwrap();
        panic!("on purpose");
    })
    .unwrap_err();
    assert!(!lock.is_poisoned());
}

#[test]
fn holds_what_has_no_size() {
    let lock: &RwLock<[i32]> = &RwLock::new([1, 2, 3]);
    lock.write().unwrap()[0] = 4;
    assert_eq!(&*lock.read().unwrap(), &[4, 2, 3]);
}

#[test]
fn prints_as_std_does() {
    let (ours, theirs) = (RwLock::new("a"), std::sync::RwLock::new("a"));
    assert_eq!(format!("{ours:?}"), format!("{theirs:?}"));
    {
        let (ours, theirs) = (ours.read().unwrap(), theirs.read().unwrap());
        assert_eq!(format!("{ours:?} {ours}"), format!("{theirs:?} {theirs}"));
    }
    let (our_guard, their_guard) = (ours.write().unwrap(), theirs.write().unwrap());
    assert_eq!(format!("{ours:?}"), format!("{theirs:?}"));
    assert_eq!(
        format!("{our_guard:?} {our_guard}"),
        format!("{their_guard:?} {their_guard}")
    );
    drop((our_guard, their_guard));
    for poison in [
        catch_unwind(|| ours.write().map(|_guard| panic!("on purpose")).is_ok()),
        catch_unwind(|| theirs.write().map(|_guard| panic!("on purpose")).is_ok()),
    ] {
        assert!(poison.is_err());
    }
    assert_eq!(format!("{ours:?}"), format!("{theirs:?}"));
}

#[test]
fn is_made_from_and_by_default() {
    assert_eq!(*RwLock::<i32>::default().read().unwrap(), 0);
    assert_eq!(*RwLock::from(3).read().unwrap(), 3);
}
