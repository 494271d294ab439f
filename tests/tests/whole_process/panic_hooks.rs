//! Panic hooks set with std's `set_hook`, which block in greenpatch's calls.

use std::panic;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use greenpatch::sync::{Mutex, mpsc};
use greenpatch::thread;

use greenpatch_tests::{Ended, Scenario};

pub(crate) const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "a hook that std was given after the first spawn waits, and its neighbours panic",
        child: waits_after_the_first_spawn,
        check: Ended::well,
    },
    Scenario {
        name: "a hook set before the patch spawns the first green thread and joins it",
        child: spawns_the_first,
        check: Ended::well,
    },
    Scenario {
        name: "the same on the only worker",
        child: spawns_on_the_only_worker,
        check: Ended::well,
    },
    Scenario {
        name: "destructors that wait while they unwind give way, whatever the hook",
        child: destructors_give_way,
        check: Ended::well,
    },
    Scenario {
        name: "learning how std calls a hook leaves the hook in place, and reports nothing",
        child: leaves_the_hook,
        check: |ended| {
            ended.well();
            assert_eq!(ended.stderr, "", "nothing is reported");
        },
    },
    Scenario {
        name: "std's own hook is its own after the patch",
        child: leaves_stds_own,
        check: |ended| {
            ended.well();
            ended.said("thread 'main' (");
            ended.said("for std's own hook");
        },
    },
];

/// Set while the hook runs; no other thread of the hub must observe it.
static IN_HOOK: AtomicBool = AtomicBool::new(false);
static HOOKS: AtomicU32 = AtomicU32::new(0);

/// Sets a hook, by std, that calls `wait`.
fn set_hook(wait: impl Fn() + Send + Sync + 'static) {
    panic::set_hook(Box::new(move |_| {
        IN_HOOK.store(true, Ordering::Relaxed);
        wait();
        HOOKS.fetch_add(1, Ordering::Relaxed);
        IN_HOOK.store(false, Ordering::Relaxed);
    }));
}

fn waits_after_the_first_spawn() {
    greenpatch::patch_all().unwrap();
    thread::spawn(|| ()).join().unwrap();

    // An OS thread holds it for a while, repeatedly.
    let lock = Arc::new(Mutex::new(()));
    let (ask, asked) = std::sync::mpsc::channel::<std::sync::mpsc::Sender<()>>();
    let holder = std::thread::spawn({
        let lock = lock.clone();
        move || {
            for taken in asked {
                let guard = lock.lock().unwrap();
                taken.send(()).unwrap();
                std::thread::sleep(Duration::from_millis(2));
                drop(guard);
            }
        }
    });
    set_hook(move || {
        thread::sleep(Duration::from_millis(1));
        thread::yield_now();
        let (taken, wait) = std::sync::mpsc::channel();
        ask.send(taken).unwrap();
        wait.recv().unwrap();
        drop(lock.lock().unwrap());
        let (sender, receiver) = mpsc::channel();
        std::thread::spawn(move || sender.send(1).unwrap());
        assert_eq!(receiver.recv().unwrap(), 1);
        greenpatch::println!("in the hook");
    });
    let round = |from: u32| {
        let threads: Vec<_> = (from..from + 20)
            .map(|number| {
                thread::spawn(move || {
                    thread::yield_now();
                    assert!(!IN_HOOK.load(Ordering::Relaxed), "in a neighbour's hook");
                    match number % 3 {
                        0 => panic!("number {number}"),
                        1 => panic::panic_any(number),
                        _ => panic!("always the same"),
                    }
                })
            })
            .collect();
        for thread in threads {
            assert!(thread.join().is_err());
        }
    };
    round(0);
    // The root panics.
    let neighbour = thread::spawn(|| {
        for _ in 0..100 {
            assert!(!IN_HOOK.load(Ordering::Relaxed), "in the root's hook");
            thread::yield_now();
        }
    });
    assert!(panic::catch_unwind(|| panic!("on the root")).is_err());
    neighbour.join().unwrap();
    round(1);
    assert_eq!(HOOKS.load(Ordering::Relaxed), 41);
    drop(panic::take_hook());
    holder.join().unwrap();
}

/// A hook that spawns and joins a green thread, which must not need this OS thread.
fn spawns_and_joins() {
    let thread = thread::spawn(|| {
        thread::yield_now();
        7
    });
    assert_eq!(thread.join().unwrap(), 7);
}

fn spawns_the_first() {
    set_hook(spawns_and_joins);
    greenpatch::patch_thread().unwrap();
    let main = std::thread::current().id();
    assert!(panic::catch_unwind(|| panic!("first")).is_err());
    assert_eq!(HOOKS.load(Ordering::Relaxed), 1);
    let green = thread::spawn(move || {
        assert_eq!(std::thread::current().id(), main, "the hook is over");
        panic!("second")
    });
    assert!(green.join().is_err());
    assert_eq!(HOOKS.load(Ordering::Relaxed), 2);
}

fn spawns_on_the_only_worker() {
    greenpatch::Patcher::new().workers(1).apply().unwrap();
    thread::spawn(|| ()).join().unwrap();
    set_hook(spawns_and_joins);
    assert!(thread::spawn(|| panic!("on the worker")).join().is_err());
    assert_eq!(HOOKS.load(Ordering::Relaxed), 1);
}

fn destructors_give_way() {
    struct Joins(Option<thread::JoinHandle<u8>>);
    impl Drop for Joins {
        fn drop(&mut self) {
            // Neither a nested panic that is caught nor an earlier hook prevents the wait.
            let nested = panic::catch_unwind(|| panic!("while unwinding"));
            assert!(nested.is_err());
            assert_eq!(self.0.take().unwrap().join().unwrap(), 3);
        }
    }

    greenpatch::patch_thread().unwrap();
    thread::spawn(|| ()).join().unwrap();
    set_hook(|| thread::sleep(Duration::from_millis(1)));
    let unwinds = || {
        let _joins = Joins(Some(thread::spawn(|| {
            thread::sleep(Duration::from_millis(1));
            3
        })));
        panic!("with a thread to join");
    };
    let threads = [(); 5].map(|()| thread::spawn(unwinds));
    for thread in threads {
        assert!(thread.join().is_err());
    }
    assert!(panic::catch_unwind(unwinds).is_err(), "on the root, too");
    assert_eq!(HOOKS.load(Ordering::Relaxed), 12);
}

fn leaves_the_hook() {
    set_hook(|| ());
    greenpatch::patch_thread().unwrap();
    assert_eq!(HOOKS.load(Ordering::Relaxed), 0);
    assert!(panic::catch_unwind(|| panic!("for the hook")).is_err());
    assert_eq!(HOOKS.load(Ordering::Relaxed), 1);
}

fn leaves_stds_own() {
    greenpatch::patch_thread().unwrap();
    assert!(panic::catch_unwind(|| panic!("for std's own hook")).is_err());
}
