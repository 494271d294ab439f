//! `thread_local!` left native under green threads: their OS thread's one value is shared, and sound.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use greenpatch::{ThreadOptions, thread};
use greenpatch_tests::isolated;

fn patch() {
    let patched = ThreadOptions::new().thread_local(false).apply().unwrap();
    assert!(patched.is_done());
}

/// A number on the heap, overwritten when dropped.
struct Valued(Box<u32>);

static DROPPED: AtomicU32 = AtomicU32::new(0);
const GONE: u32 = 0xdead;

impl Drop for Valued {
    fn drop(&mut self) {
        *self.0 = GONE;
        DROPPED.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn a_value_whose_first_use_waits_is_not_dropped_while_it_is_used() {
    static MADE: AtomicU32 = AtomicU32::new(0);
    greenpatch::thread_local!(static KEY: Valued = {
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        // The first to begin ends last.
        for _ in 0..10 - 3 * number {
            thread::yield_now();
        }
        Valued(Box::new(number))
    });

    isolated(|| {
        patch();
        let uses = || {
            KEY.with(|value| {
                let seen = *value.0;
                for _ in 0..30 {
                    thread::yield_now();
                    assert_eq!(*value.0, seen);
                }
                seen
            })
        };
        // On a green thread, so that all share one OS thread and begin together.
        let all = thread::spawn(move || {
            let threads = [(); 3].map(|()| thread::spawn(uses));
            let seen = threads.map(|thread| thread.join().unwrap());
            assert_eq!(seen, [2; 3], "what was finished first stays");
            assert_eq!(MADE.load(Ordering::Relaxed), 3);
            assert_eq!(DROPPED.load(Ordering::Relaxed), 2);
            assert_eq!(KEY.with(|value| *value.0), 2);
        });
        all.join().unwrap();
    });
}

#[test]
fn a_value_that_is_set_while_another_is_made_stays() {
    greenpatch::thread_local!(static KEY: RefCell<Rc<Valued>> = {
        for _ in 0..3 {
            thread::yield_now();
        }
        RefCell::new(Rc::new(Valued(Box::new(1))))
    });

    isolated(|| {
        patch();
        let all = thread::spawn(|| {
            let makes = thread::spawn(|| KEY.with_borrow(|value| *value.0));
            let sets = thread::spawn(|| {
                KEY.set(Rc::new(Valued(Box::new(2))));
                KEY.with(|cell| {
                    let value = cell.borrow();
                    for _ in 0..10 {
                        thread::yield_now();
                        assert_eq!(*value.0, 2);
                    }
                });
            });
            sets.join().unwrap();
            assert_eq!(makes.join().unwrap(), 2);
            assert_eq!(DROPPED.load(Ordering::Relaxed), 1);
        });
        all.join().unwrap();
    });
}

#[test]
fn a_value_that_waits_when_it_is_left_over() {
    struct Waits;
    impl Drop for Waits {
        fn drop(&mut self) {
            thread::yield_now();
            KEY.with(|_| thread::yield_now());
        }
    }
    greenpatch::thread_local!(static KEY: Waits = {
        thread::yield_now();
        Waits
    });

    isolated(|| {
        patch();
        let all = thread::spawn(|| {
            let threads = [(); 8].map(|()| thread::spawn(|| KEY.with(|_| thread::yield_now())));
            for thread in threads {
                thread.join().unwrap();
            }
        });
        all.join().unwrap();
    });
}

static LOG: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn log(line: impl Into<String>) {
    LOG.lock().unwrap().push(line.into());
}

/// Runs one implementation of `thread_local!` through edge cases that programs may rely on.
macro_rules! steps {
    ($thread_local:path) => {{
        use $thread_local as declare;

        struct Loud(&'static str, fn() -> bool);
        impl Drop for Loud {
            fn drop(&mut self) {
                log(format!("{} dropped, other: {}", self.0, (self.1)()));
            }
        }
        declare! {
            static OUTER: Loud = INNER.with(|_| Loud("outer", || INNER.try_with(|_| ()).is_ok()));
            static INNER: Loud = Loud("inner", || OUTER.try_with(|_| ()).is_ok());
            static DEPTH: Cell<u32> = const { Cell::new(0) };
            static ITSELF: Loud = match DEPTH.replace(DEPTH.get() + 1) {
                0 => ITSELF.with(|nested| {
                    log(format!("used: {}", nested.0));
                    Loud("first", || true)
                }),
                _ => Loud("nested", || true),
            };
            static SET: Cell<u32> = panic!("made although it was set");
            static FAILS: u32 = match DEPTH.get() {
                0 => panic!("no number yet"),
                depth => depth,
            };
        }
        std::thread::spawn(|| {
            let failed = std::panic::catch_unwind(|| FAILS.with(|number| *number));
            log(format!("failed: {}", failed.is_err()));
            OUTER.with(|outer| log(outer.0));
            ITSELF.with(|value| log(value.0));
            SET.set(3);
            log(format!("{} {}", SET.get(), FAILS.with(|number| *number)));
        })
        .join()
        .unwrap();
        std::mem::take(&mut *LOG.lock().unwrap())
    }};
}

#[test]
fn unpatched_it_does_what_std_does() {
    let ours = steps!(greenpatch::thread_local);
    let stds = steps!(std::thread_local);
    assert_eq!(ours, stds);
    assert!(stds.len() > 5, "{stds:?}");
}
