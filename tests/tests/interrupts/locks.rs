//! What an interrupt leaves behind of locks.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use greenpatch::sync::{Barrier, LazyLock, Mutex, Once, OnceLock, RwLock};
use greenpatch::{Cancel, thread, timeout};

use crate::{Case, settle};

pub(crate) const CASES: &[Case] = &[
    ("a mutex is not poisoned", mutex),
    ("a read-write lock is not poisoned", rwlock),
    ("a panic afterwards poisons", a_panic_afterwards),
    (
        "a panic in a destructor that is caught there",
        a_panic_in_a_destructor,
    ),
    ("a once may be initialized again", once),
    ("a lazy value is initialized nevertheless", lazy),
    (
        "readers behind a writer that leaves",
        readers_behind_a_writer,
    ),
    (
        "readers behind writers that leave, at random",
        readers_and_writers,
    ),
    ("a barrier that threads leave", barrier),
    ("a mutex that waiters leave", waiters_leave),
];

const SHORT: Duration = Duration::from_millis(2);

fn mutex() {
    let mutex = Arc::new(Mutex::new(1));
    let result = timeout(SHORT, || {
        let _guard = mutex.lock().unwrap();
        thread::park();
    });
    assert!(result.is_err());
    assert!(!mutex.is_poisoned());
    let thread = thread::spawn({
        let mutex = Arc::clone(&mutex);
        move || {
            let mut guard = mutex.lock().unwrap();
            *guard += 1;
            thread::scope(|scope| {
                scope.spawn(thread::park);
            });
            *guard += 1;
        }
    });
    settle();
    thread.cancel();
    thread.join().unwrap_err();
    assert_eq!(*mutex.lock().unwrap(), 2);
}

fn rwlock() {
    let lock = RwLock::new(1);
    let result = timeout(SHORT, || {
        let _guard = lock.write().unwrap();
        thread::park();
    });
    assert!(result.is_err());
    assert!(!lock.is_poisoned());
    assert_eq!(*lock.read().unwrap(), 1);
}

/// Code that swallows an interrupt, and panics later, poisons.
fn a_panic_afterwards() {
    let mutex = Mutex::new(());
    let result = timeout(SHORT, || {
        catch_unwind(thread::park).unwrap_err();
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            let _guard = mutex.lock().unwrap();
            std::panic::panic_any("on purpose");
        }));
        assert!(panicked.unwrap_err().is::<&str>());
    });
    assert_eq!(result, Ok(()));
    assert!(mutex.is_poisoned());
}

fn a_panic_in_a_destructor() {
    struct Panics<'a>(&'a Mutex<()>);
    impl Drop for Panics<'_> {
        fn drop(&mut self) {
            let panicked = catch_unwind(AssertUnwindSafe(|| {
                let _guard = self.0.lock().unwrap();
                std::panic::resume_unwind(Box::new(1));
            }));
            assert!(panicked.is_err());
        }
    }

    let (held, other) = (Mutex::new(()), Mutex::new(()));
    let result = timeout(SHORT, || {
        let _guard = held.lock().unwrap();
        let _panics = Panics(&other);
        thread::park();
    });
    assert!(result.unwrap_err().is_elapsed());
    assert!(!held.is_poisoned());
}

fn once() {
    let once = Once::new();
    assert!(timeout(SHORT, || once.call_once(thread::park)).is_err());
    let mut runs = 0;
    once.call_once(|| runs += 1);
    assert_eq!(runs, 1);

    let cell = OnceLock::new();
    let waits = || {
        thread::park();
        1
    };
    assert!(timeout(SHORT, || *cell.get_or_init(waits)).is_err());
    assert_eq!(*cell.get_or_init(|| 2), 2);
}

/// Its closure can be called once only.
fn lazy() {
    let lazy = LazyLock::new(|| {
        thread::sleep(2 * SHORT);
        3
    });
    let result = timeout(SHORT, || {
        assert_eq!(*lazy, 3);
        thread::park();
    });
    assert!(result.unwrap_err().is_elapsed());
    assert_eq!(*lazy, 3);
}

/// A reader that queues behind a writer goes on when the writer leaves, while another reader holds the lock.
fn readers_behind_a_writer() {
    let lock = Arc::new(RwLock::new(()));
    let held = lock.read().unwrap();
    let writer = thread::spawn({
        let lock = Arc::clone(&lock);
        move || drop(lock.write().unwrap())
    });
    settle();
    let readers: Vec<_> = (0..3)
        .map(|_| {
            let lock = Arc::clone(&lock);
            thread::spawn(move || drop(lock.read().unwrap()))
        })
        .collect();
    settle();
    assert!(readers.iter().all(|reader| !reader.is_finished()));
    writer.cancel();
    writer.join().unwrap_err();
    for reader in readers {
        reader.join().unwrap();
    }
    // New readers do not queue either.
    assert!(lock.try_read().is_ok());
    assert!(lock.try_write().is_err());
    drop(held);
    assert!(lock.try_write().is_ok());
}

fn readers_and_writers() {
    let mut random = greenpatch_tests::Random::new();
    for _ in 0..20 {
        let lock = Arc::new(RwLock::new(0_u32));
        let held = lock.read().unwrap();
        let (mut all, mut stays) = (Vec::new(), 0);
        for _ in 0..12 {
            let lock = Arc::clone(&lock);
            let writes = random.below(2) == 0;
            let leaves = random.below(2) == 0;
            let thread = thread::spawn(move || match writes {
                true => *lock.write().unwrap() += 1,
                false => drop(lock.read().unwrap()),
            });
            if random.below(3) == 0 {
                settle();
            }
            stays += u32::from(writes && !leaves);
            all.push((thread, leaves));
        }
        settle();
        let (leave, stay): (Vec<_>, Vec<_>) = all.into_iter().partition(|(_, leaves)| *leaves);
        let mut written = 0;
        for (thread, _) in leave {
            thread.cancel();
            // A reader may have got the lock meanwhile; no writer can.
            let _ = thread.join();
        }
        drop(held);
        for (thread, _) in stay {
            thread.join().unwrap();
        }
        written += stays;
        assert_eq!(*lock.write().unwrap(), written);
    }
}

fn barrier() {
    let barrier = Arc::new(Barrier::new(3));
    let arrive = || {
        let barrier = Arc::clone(&barrier);
        thread::spawn(move || barrier.wait().is_leader())
    };
    for _ in 0..3 {
        let leaves = [arrive(), arrive()];
        settle();
        for thread in leaves {
            thread.cancel();
            thread.join().unwrap_err();
        }
        let stay = [arrive(), arrive()];
        settle();
        assert!(stay.iter().all(|thread| !thread.is_finished()));
        let mut leaders = u32::from(barrier.wait().is_leader());
        for thread in stay {
            leaders += u32::from(thread.join().unwrap());
        }
        assert_eq!(leaders, 1);
    }
}

/// The waiters that stay get the mutex, however many leave around them.
fn waiters_leave() {
    let mutex = Arc::new(Mutex::new(0));
    for round in 0..8_u32 {
        let held = mutex.lock().unwrap();
        let threads: Vec<_> = (0..12)
            .map(|_| {
                let mutex = Arc::clone(&mutex);
                thread::spawn(move || {
                    let mut guard = mutex.lock().unwrap();
                    thread::yield_now();
                    *guard += 1;
                })
            })
            .collect();
        settle();
        for (number, thread) in threads.iter().enumerate() {
            if !(number as u32 + round).is_multiple_of(3) {
                thread.cancel();
            }
        }
        if round % 2 == 0 {
            settle();
        }
        drop(held);
        let got = threads
            .into_iter()
            .map(|it| it.join())
            .filter(Result::is_ok);
        let got = got.count();
        assert!(got >= 4);
        let mut guard = mutex.lock().unwrap();
        assert_eq!(*guard, got);
        *guard = 0;
    }
}
