//! `sync::{Once, OnceLock, LazyLock}`, on OS threads.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use greenpatch::sync::{LazyLock, Once, OnceLock};
use greenpatch_tests::watchdog;

const LIMIT: Duration = Duration::from_secs(60);
const THREADS: usize = 8;

fn message(panic: Box<dyn std::any::Any + Send>) -> String {
    match panic.downcast::<String>() {
        Ok(message) => *message,
        Err(panic) => panic.downcast_ref::<&str>().unwrap().to_string(),
    }
}

#[test]
fn runs_once() {
    let _dog = watchdog(LIMIT);
    for _ in 0..200 {
        let (once, times) = (Once::new(), AtomicUsize::new(0));
        thread::scope(|s| {
            for _ in 0..THREADS {
                s.spawn(|| {
                    once.call_once(|| {
                        thread::yield_now();
                        times.fetch_add(1, Ordering::Relaxed);
                    });
                    assert_eq!(times.load(Ordering::Relaxed), 1);
                    assert!(once.is_completed());
                });
            }
        });
        once.call_once_force(|_| unreachable!());
    }
}

#[test]
fn a_panic_poisons() {
    let once = Once::new();
    let first = catch_unwind(|| once.call_once(|| panic!("on purpose")));
    assert_eq!(message(first.unwrap_err()), "on purpose");
    assert!(!once.is_completed());
    let second = catch_unwind(|| once.call_once(|| unreachable!()));
    let theirs = std::sync::Once::new();
    catch_unwind(|| theirs.call_once(|| panic!("on purpose"))).unwrap_err();
    let their_second = catch_unwind(|| theirs.call_once(|| unreachable!()));
    assert_eq!(
        message(second.unwrap_err()),
        message(their_second.unwrap_err())
    );
    assert!(catch_unwind(|| once.wait()).is_err());
    let mut poisoned = false;
    once.call_once_force(|state| {
        assert_eq!(format!("{state:?}"), "OnceState { poisoned: true }");
        poisoned = state.is_poisoned();
    });
    assert!(poisoned);
    assert!(once.is_completed());
    once.call_once(|| unreachable!());
    once.wait();
}

/// When an initialiser panics, one of the waiters runs the next one.
#[test]
fn a_panic_lets_the_next_try() {
    let _dog = watchdog(LIMIT);
    for _ in 0..200 {
        let (once, tries) = (Once::new(), AtomicUsize::new(0));
        thread::scope(|s| {
            for _ in 0..4 {
                s.spawn(|| {
                    let result = catch_unwind(AssertUnwindSafe(|| {
                        once.call_once_force(|_| {
                            thread::yield_now();
                            if tries.fetch_add(1, Ordering::Relaxed) == 0 {
                                std::panic::resume_unwind(Box::new(()));
                            }
                        });
                    }));
                    assert!(result.is_err() || once.is_completed());
                });
            }
        });
        assert_eq!(tries.into_inner(), 2);
    }
}

#[test]
fn wait_waits() {
    let _dog = watchdog(LIMIT);
    for _ in 0..200 {
        let (once, done) = (Once::new(), AtomicUsize::new(0));
        thread::scope(|s| {
            for force in [true, false] {
                let (once, done) = (&once, &done);
                s.spawn(move || {
                    if force {
                        once.wait_force();
                    } else {
                        once.wait();
                    }
                    assert_eq!(done.load(Ordering::Relaxed), 1);
                });
            }
            thread::yield_now();
            once.call_once(|| done.store(1, Ordering::Relaxed));
        });
    }
}

#[test]
fn wait_ends_with_a_panic_and_wait_force_does_not() {
    let _dog = watchdog(LIMIT);
    let once = Once::new();
    thread::scope(|s| {
        let waits = s.spawn(|| once.wait());
        let forces = s.spawn(|| once.wait_force());
        let panics = catch_unwind(|| once.call_once(|| panic!("on purpose")));
        panics.unwrap_err();
        waits.join().unwrap_err();
        assert!(!forces.is_finished());
        once.call_once_force(|_| ());
        forces.join().unwrap();
    });
}

#[test]
fn once_prints_as_std_does() {
    assert_eq!(
        format!("{:?}", Once::new()),
        format!("{:?}", std::sync::Once::new())
    );
    #[expect(deprecated)]
    static OLD: Once = greenpatch::sync::ONCE_INIT;
    OLD.call_once(|| ());
    assert!(OLD.is_completed());
}

#[test]
fn a_cell_is_written_once() {
    let cell = OnceLock::new();
    assert_eq!(cell.get(), None);
    assert_eq!(cell.get_or_init(|| 1), &1);
    assert_eq!(cell.get_or_init(|| unreachable!()), &1);
    assert_eq!(cell.set(2), Err(2));
    assert_eq!(cell.wait(), &1);
    let mut cell = cell;
    *cell.get_mut().unwrap() = 3;
    assert_eq!(cell.take(), Some(3));
    assert_eq!(cell.get(), None);
    assert_eq!(cell.set(4), Ok(()));
    assert_eq!(cell.into_inner(), Some(4));
    assert_eq!(OnceLock::<i32>::new().into_inner(), None);
}

#[test]
fn a_cell_in_a_static() {
    let _dog = watchdog(LIMIT);
    static CELL: OnceLock<String> = OnceLock::new();
    let (sender, receiver) = mpsc::channel();
    for number in 0..THREADS {
        let sender = sender.clone();
        thread::spawn(move || {
            let won = CELL.set(number.to_string()).is_ok();
            sender.send((won, CELL.get().unwrap().clone())).unwrap();
        });
    }
    drop(sender);
    let results: Vec<_> = receiver.iter().collect();
    assert_eq!(results.iter().filter(|(won, _)| *won).count(), 1);
    assert!(results.iter().all(|(_, value)| *value == results[0].1));
}

#[test]
fn a_cell_whose_closure_panics_stays_empty() {
    let cell: OnceLock<i32> = OnceLock::new();
    catch_unwind(|| cell.get_or_init(|| panic!("on purpose"))).unwrap_err();
    assert_eq!(cell.get(), None);
    assert_eq!(cell.get_or_init(|| 1), &1);
}

#[test]
fn wait_for_a_cell() {
    let _dog = watchdog(LIMIT);
    let cell = OnceLock::new();
    thread::scope(|s| {
        for _ in 0..3 {
            s.spawn(|| assert_eq!(cell.wait(), &1));
        }
        cell.set(1).unwrap();
    });
}

#[test]
fn a_cell_drops_its_value() {
    let value = Arc::new(());
    let cell = OnceLock::from(value.clone());
    assert_eq!(Arc::strong_count(&value), 2);
    let copy = cell.clone();
    assert_eq!(Arc::strong_count(&value), 3);
    drop((cell, copy));
    assert_eq!(Arc::strong_count(&value), 1);
}

/// A cell may be dropped together with what its value borrows.
#[test]
fn a_cell_may_borrow_from_its_neighbour() {
    let cell = OnceLock::new();
    let owned = String::from("a");
    cell.set(owned.as_str()).unwrap();
    assert_eq!(cell.get(), Some(&"a"));
}

#[test]
fn cells_compare_and_print_as_std_does() {
    let (ours, theirs) = (OnceLock::new(), std::sync::OnceLock::new());
    assert_eq!(format!("{ours:?}"), format!("{theirs:?}"));
    assert_ne!(ours, OnceLock::from(1));
    assert_eq!(ours, OnceLock::default());
    ours.set(1).unwrap();
    theirs.set(1).unwrap();
    assert_eq!(format!("{ours:?}"), format!("{theirs:?}"));
    assert_eq!(format!("{ours:#?}"), format!("{theirs:#?}"));
    assert_eq!(ours, OnceLock::from(1));
}

#[test]
fn a_lazy_value_is_made_once() {
    let _dog = watchdog(LIMIT);
    static TIMES: AtomicUsize = AtomicUsize::new(0);
    static VALUE: LazyLock<String> = LazyLock::new(|| {
        thread::yield_now();
        TIMES.fetch_add(1, Ordering::Relaxed);
        "a".into()
    });
    assert!(LazyLock::get(&VALUE).is_none());
    thread::scope(|s| {
        for _ in 0..THREADS {
            s.spawn(|| assert_eq!(*VALUE, "a"));
        }
    });
    assert_eq!(LazyLock::get(&VALUE).unwrap(), "a");
    assert_eq!(TIMES.load(Ordering::Relaxed), 1);
}

#[test]
fn a_lazy_value_may_be_changed() {
    let mut lazy = LazyLock::new(|| 1);
    assert_eq!(LazyLock::get_mut(&mut lazy), None);
    *lazy += 1;
    *LazyLock::force_mut(&mut lazy) += 1;
    *LazyLock::get_mut(&mut lazy).unwrap() += 1;
    assert_eq!(*LazyLock::force(&lazy), 4);
    assert_eq!(*LazyLock::<i32>::default(), 0);
}

#[test]
fn a_lazy_value_that_panics_is_gone() {
    let mut ours: LazyLock<i32> = LazyLock::new(|| panic!("on purpose"));
    let theirs: std::sync::LazyLock<i32> = std::sync::LazyLock::new(|| panic!("on purpose"));
    assert!(catch_unwind(|| *ours).is_err());
    assert!(catch_unwind(|| *theirs).is_err());
    assert_eq!(
        message(catch_unwind(|| *ours).unwrap_err()),
        message(catch_unwind(|| *theirs).unwrap_err())
    );
    assert_eq!(LazyLock::get(&ours), None);
    assert_eq!(format!("{ours:?}"), format!("{theirs:?}"));
    catch_unwind(AssertUnwindSafe(|| *LazyLock::force_mut(&mut ours))).unwrap_err();
}

#[test]
fn lazy_values_print_as_std_does() {
    let (ours, theirs) = (LazyLock::new(|| 1), std::sync::LazyLock::new(|| 1));
    assert_eq!(format!("{ours:?}"), format!("{theirs:?}"));
    assert_eq!(*ours, *theirs);
    assert_eq!(format!("{ours:?}"), format!("{theirs:?}"));
}

#[test]
fn a_lazy_value_drops_what_it_holds() {
    let value = Arc::new(());
    let captured = value.clone();
    let unmade = LazyLock::new(move || captured);
    assert_eq!(Arc::strong_count(&value), 2);
    drop(unmade);
    assert_eq!(Arc::strong_count(&value), 1);
    let captured = value.clone();
    let made = LazyLock::new(move || captured);
    LazyLock::force(&made);
    drop(made);
    assert_eq!(Arc::strong_count(&value), 1);
}
