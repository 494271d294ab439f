//! `sync::Mutex`, on OS threads.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, TryLockError};
use std::thread;
use std::time::Duration;

use greenpatch::sync::{Mutex, MutexGuard};
use greenpatch_tests::{Random, watchdog};

const LIMIT: Duration = Duration::from_secs(60);

#[test]
fn locks_and_unlocks() {
    let mutex = Mutex::new(1);
    *mutex.lock().unwrap() += 1;
    assert_eq!(*mutex.try_lock().unwrap(), 2);
    assert_eq!(mutex.into_inner().unwrap(), 2);
}

#[test]
fn is_free_in_a_static() {
    static COUNT: Mutex<Vec<u32>> = Mutex::new(Vec::new());
    COUNT.lock().unwrap().push(1);
    assert_eq!(*COUNT.lock().unwrap(), [1]);
}

#[test]
fn is_no_larger_than_std() {
    fn same<T>() {
        assert_eq!(size_of::<Mutex<T>>(), size_of::<std::sync::Mutex<T>>());
    }
    same::<()>();
    same::<u8>();
    same::<u64>();
    assert_eq!(
        size_of::<MutexGuard<'_, u8>>(),
        size_of::<std::sync::MutexGuard<'_, u8>>()
    );
}

#[test]
fn try_lock_fails_while_held() {
    let mutex = Mutex::new(());
    let guard = mutex.lock().unwrap();
    assert!(matches!(mutex.try_lock(), Err(TryLockError::WouldBlock)));
    drop(guard);
    assert!(mutex.try_lock().is_ok());
}

#[test]
fn excludes() {
    let _dog = watchdog(LIMIT);
    const THREADS: usize = 6;
    const TIMES: usize = 20_000;
    let (mutex, inside) = (Mutex::new(0), AtomicBool::new(false));
    thread::scope(|s| {
        for _ in 0..THREADS {
            s.spawn(|| {
                for _ in 0..TIMES {
                    let mut guard = mutex.lock().unwrap();
                    assert!(!inside.swap(true, Ordering::Relaxed));
                    *guard += 1;
                    inside.store(false, Ordering::Relaxed);
                }
            });
        }
    });
    assert_eq!(mutex.into_inner().unwrap(), THREADS * TIMES);
}

#[test]
fn many_at_random() {
    let _dog = watchdog(LIMIT);
    let mut random = Random::new();
    let mutexes: Vec<Mutex<usize>> = (0..3).map(|_| Mutex::new(0)).collect();
    let taken = AtomicUsize::new(0);
    thread::scope(|s| {
        for _ in 0..8 {
            let mut random = Random::seeded(random.draw());
            let (mutexes, taken) = (&mutexes, &taken);
            s.spawn(move || {
                for _ in 0..3_000 {
                    let mutex = &mutexes[random.below(3) as usize];
                    let guard = match random.below(4) {
                        0 => mutex.try_lock().ok(),
                        _ => Some(mutex.lock().unwrap()),
                    };
                    let Some(mut guard) = guard else { continue };
                    let before = *guard;
                    match random.below(50) {
                        0 => thread::yield_now(),
                        1 => thread::sleep(Duration::from_micros(random.below(100))),
                        _ => {}
                    }
                    *guard = before + 1;
                    taken.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    let sum: usize = mutexes.iter().map(|mutex| *mutex.lock().unwrap()).sum();
    assert_eq!(sum, taken.into_inner());
}

/// A thread that unlocks the mutex and locks it again at once cannot starve another thread.
#[test]
fn does_not_starve() {
    let _dog = watchdog(LIMIT);
    let (mutex, done) = (Mutex::new(0_u64), AtomicBool::new(false));
    thread::scope(|s| {
        s.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                let mut guard = mutex.lock().unwrap();
                *guard += 1;
                // Long enough that a waiter always finds the mutex held, and queues.
                thread::sleep(Duration::from_micros(50));
            }
        });
        for _ in 0..10 {
            drop(mutex.lock().unwrap());
        }
        done.store(true, Ordering::Relaxed);
    });
}

#[test]
fn a_panic_poisons() {
    let mutex = Mutex::new(1);
    let panicked = catch_unwind(|| {
        let mut guard = mutex.lock().unwrap();
        *guard = 2;
        panic!("on purpose");
    });
    assert!(panicked.is_err());
    assert!(mutex.is_poisoned());
    assert_eq!(*mutex.lock().unwrap_err().into_inner(), 2);
    let Err(TryLockError::Poisoned(error)) = mutex.try_lock() else {
        panic!("not poisoned");
    };
    assert_eq!(**error.get_ref(), 2);
    drop(error);
    mutex.clear_poison();
    assert!(!mutex.is_poisoned());
    assert!(mutex.lock().is_ok());
}

#[test]
fn poison_shows_in_get_mut_and_into_inner() {
    let mut mutex = Mutex::new(1);
    catch_unwind(AssertUnwindSafe(|| {
        let _guard = mutex.lock();
        panic!("on purpose");
    }))
    .unwrap_err();
    assert_eq!(**mutex.get_mut().unwrap_err().get_ref(), 1);
    assert_eq!(mutex.into_inner().unwrap_err().into_inner(), 1);
}

/// A mutex that is locked and unlocked while a panic unwinds is not poisoned.
#[test]
fn locking_while_panicking_does_not_poison() {
    struct LocksOnDrop<'a>(&'a Mutex<i32>);
    impl Drop for LocksOnDrop<'_> {
        fn drop(&mut self) {
            *self.0.lock().unwrap() += 1;
        }
    }
    let mutex = Mutex::new(0);
    catch_unwind(AssertUnwindSafe(|| {
        let _locks = LocksOnDrop(&mutex);
        panic!("on purpose");
    }))
    .unwrap_err();
    assert!(!mutex.is_poisoned());
    assert_eq!(*mutex.lock().unwrap(), 1);
}

/// A thread that unwinds may block on a mutex that another thread holds.
#[test]
fn blocks_while_panicking() {
    let _dog = watchdog(LIMIT);
    struct LocksOnDrop(Arc<Mutex<i32>>, std::sync::mpsc::Sender<()>);
    impl Drop for LocksOnDrop {
        fn drop(&mut self) {
            self.1.send(()).unwrap();
            *self.0.lock().unwrap() += 1;
        }
    }
    let mutex = Arc::new(Mutex::new(0));
    let guard = mutex.lock().unwrap();
    let (unwinding, unwinds) = std::sync::mpsc::channel();
    let locks = LocksOnDrop(mutex.clone(), unwinding);
    let child = thread::spawn(move || {
        let _locks = locks;
        panic!("on purpose");
    });
    unwinds.recv().unwrap();
    drop(guard);
    child.join().unwrap_err();
    assert_eq!(*mutex.lock().unwrap(), 1);
}

#[test]
fn holds_what_has_no_size() {
    let mutex: &Mutex<[i32]> = &Mutex::new([1, 2, 3]);
    mutex.lock().unwrap()[0] = 4;
    assert_eq!(&*mutex.lock().unwrap(), &[4, 2, 3]);
    let object: Box<Mutex<dyn Fn() -> i32>> = Box::new(Mutex::new(|| 7));
    assert_eq!((object.lock().unwrap())(), 7);
}

#[test]
fn prints_as_std_does() {
    let (ours, theirs) = (Mutex::new("a"), std::sync::Mutex::new("a"));
    assert_eq!(format!("{ours:?}"), format!("{theirs:?}"));
    assert_eq!(format!("{ours:#?}"), format!("{theirs:#?}"));
    let (our_guard, their_guard) = (ours.lock().unwrap(), theirs.lock().unwrap());
    assert_eq!(format!("{ours:?}"), format!("{theirs:?}"));
    assert_eq!(format!("{our_guard:?}"), format!("{their_guard:?}"));
    assert_eq!(format!("{our_guard}"), format!("{their_guard}"));
    drop((our_guard, their_guard));
    for poison in [
        catch_unwind(|| ours.lock().map(|_guard| panic!("on purpose")).is_ok()),
        catch_unwind(|| theirs.lock().map(|_guard| panic!("on purpose")).is_ok()),
    ] {
        assert!(poison.is_err());
    }
    assert_eq!(format!("{ours:?}"), format!("{theirs:?}"));
    assert_eq!(format!("{:?}", ours.lock()), format!("{:?}", theirs.lock()));
}

#[test]
fn is_made_from_and_by_default() {
    assert_eq!(*Mutex::<i32>::default().lock().unwrap(), 0);
    assert_eq!(*Mutex::from(3).lock().unwrap(), 3);
}

/// The last guard's thread may free the mutex while the one before is still returning from `unlock`.
#[test]
fn may_be_freed_by_the_next_holder() {
    let _dog = watchdog(LIMIT);
    for _ in 0..2_000 {
        let mutex = Arc::new(Mutex::new(0));
        let children: Vec<_> = (0..2)
            .map(|_| {
                let mutex = mutex.clone();
                thread::spawn(move || *mutex.lock().unwrap() += 1)
            })
            .collect();
        drop(mutex);
        for child in children {
            child.join().unwrap();
        }
    }
}

/// A thread's destructors of thread-locals may lock and wait, also after this crate's own are gone.
#[test]
fn works_while_thread_locals_are_destroyed() {
    let _dog = watchdog(LIMIT);
    static MUTEX: Mutex<usize> = Mutex::new(0);
    static STARTED: AtomicUsize = AtomicUsize::new(0);
    struct LocksOnDrop;
    impl Drop for LocksOnDrop {
        fn drop(&mut self) {
            STARTED.fetch_add(1, Ordering::SeqCst);
            *MUTEX.lock().unwrap() += 1;
        }
    }
    thread_local!(static FIRST: LocksOnDrop = const { LocksOnDrop });
    thread_local!(static SECOND: LocksOnDrop = const { LocksOnDrop });

    let guard = MUTEX.lock().unwrap();
    let children: Vec<_> = (0..2)
        .map(|order| {
            thread::spawn(move || {
                let contended = || {
                    let mutex = Mutex::new(());
                    thread::scope(|s| {
                        let _guard = mutex.lock().unwrap();
                        s.spawn(|| drop(mutex.lock()));
                    });
                };
                FIRST.with(|_| ());
                if order == 1 {
                    contended();
                }
                SECOND.with(|_| ());
            })
        })
        .collect();
    while STARTED.load(Ordering::SeqCst) < 2 {
        thread::yield_now();
    }
    drop(guard);
    for child in children {
        child.join().unwrap();
    }
    assert_eq!(*MUTEX.lock().unwrap(), 4);
}
