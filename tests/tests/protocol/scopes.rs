//! Scoped overrides and native scopes. Most of these tests share one process, as scopes are meant to.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

use greenpatch::{
    Overrides, is_item_patched, native, override_item, patch_module, patch_point, patch_thread,
    thread,
};
use greenpatch_tests::isolated;

use crate::fixture::{GREEN_COUNTER, cellar, counter};
use crate::new_threads_are_green;

/// Each of these four overrides the same function, at the same time.
macro_rules! beside_each_other {
    ($($name:ident: $number:literal)*) => {$(
        #[test]
        fn $name() {
            let log = Arc::new(AtomicU32::new(0));
            let seen = Arc::clone(&log);
            let closure = move |pieces: u32| $number + seen.fetch_add(pieces, Ordering::Relaxed);
            override_item(patch_point!(counter::price), Box::new(closure), || {
                for turn in 0..1000 {
                    assert_eq!(counter::price(1), $number + turn);
                    std::thread::yield_now();
                }
            });
            assert_eq!(counter::price(1), 5);
            assert_eq!(Arc::strong_count(&log), 1, "the closure is gone with its scope");
        }
    )*};
}

beside_each_other! {
    one: 10_000
    two: 20_000
    three: 30_000
    four: 40_000
}

#[test]
fn are_not_inherited_by_a_thread_of_std() {
    override_item(patch_point!(cellar::bottles), Box::new(|| 70), || {
        let (inside, outside) = std::thread::scope(|scope| {
            let outside = scope.spawn(|| {
                let further = thread::spawn(cellar::bottles).join().unwrap();
                (cellar::bottles(), further)
            });
            let inside = thread::spawn(cellar::bottles).join().unwrap();
            (inside, outside.join().unwrap())
        });
        assert_eq!((inside, outside), (70, (7, 7)));
    });
}

#[test]
fn are_inherited_by_spawned_threads() {
    let in_thread = |number: u32| {
        override_item(
            patch_point!(cellar::bottles),
            Box::new(move || number),
            || {
                let spawned = thread::spawn(|| {
                    let below = thread::spawn(cellar::bottles);
                    (cellar::bottles(), below.join().unwrap())
                });
                let scoped = thread::scope(|s| s.spawn(cellar::bottles).join().unwrap());
                let foreign = std::thread::spawn(cellar::bottles).join().unwrap();
                (spawned.join().unwrap(), scoped, foreign)
            },
        )
    };
    assert_eq!(in_thread(1), ((1, 1), 1, 7));
    assert_eq!(cellar::bottles(), 7);
}

#[test]
fn green_threads_have_scopes_of_their_own() {
    isolated(|| {
        assert!(patch_thread().unwrap().is_done());
        let threads: Vec<_> = (1..=20)
            .map(|number| {
                thread::spawn(move || {
                    override_item(
                        patch_point!(cellar::bottles),
                        Box::new(move || number),
                        || {
                            for _ in 0..50 {
                                assert_eq!(cellar::bottles(), number);
                                thread::yield_now();
                            }
                            thread::spawn(cellar::bottles).join().unwrap()
                        },
                    )
                })
            })
            .collect();
        assert_eq!(cellar::bottles(), 7);
        let found: Vec<_> = threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect();
        assert!(found.into_iter().eq(1..=20));
        assert_eq!(cellar::bottles(), 7);
    });
}

#[test]
fn a_thread_keeps_the_scope_that_its_spawner_left() {
    let barrier = Arc::new(Barrier::new(2));
    let released = Arc::clone(&barrier);
    let spawned = override_item(patch_point!(cellar::bottles), Box::new(|| 1), || {
        thread::spawn(move || {
            released.wait();
            cellar::bottles()
        })
    });
    assert_eq!(cellar::bottles(), 7);
    barrier.wait();
    assert_eq!(spawned.join().unwrap(), 1);
}

#[test]
fn override_several_items_and_the_innermost_counts() {
    let read = || (cellar::bottles(), cellar::corks());
    let found = Overrides::new()
        .item(patch_point!(cellar::bottles), Box::new(|| 1))
        .item(patch_point!(cellar::corks), Box::new(|| 2))
        .run(|| {
            let inner = override_item(patch_point!(cellar::corks), Box::new(|| 3), read);
            (read(), inner, read())
        });
    assert_eq!(found, ((1, 2), (1, 3), (1, 2)));
    assert_eq!(read(), (7, 7));
}

#[test]
fn override_a_method_with_borrowed_arguments() {
    let till = counter::Till(3);
    let total = override_item(
        patch_point!(counter::Till::total),
        Box::new(|till: &counter::Till| 10 * till.0),
        || till.total(),
    );
    assert_eq!((total, till.total()), (30, 3));
    let greeting = override_item(
        patch_point!(counter::greeting),
        Box::new(|name: &str| patch_point!(counter::greeting).original()(name) + "!"),
        || counter::greeting("you"),
    );
    assert_eq!(greeting, "hello you!");
}

#[test]
fn win_over_a_global_replacement() {
    isolated(|| {
        let barrier = Arc::new(Barrier::new(2));
        override_item(patch_point!(counter::price), Box::new(|_| 100), || {
            // Patched while the scope is open.
            assert!(patch_module(&GREEN_COUNTER).unwrap().is_done());
            assert!(is_item_patched("protocol::fixture::counter::price").unwrap());
            let (inside, waiting) = (counter::price(1), Arc::clone(&barrier));
            let outside = std::thread::spawn(move || {
                waiting.wait();
                counter::price(1)
            });
            barrier.wait();
            assert_eq!((inside, outside.join().unwrap()), (100, 4));
        });
        assert_eq!(counter::price(1), 4);
    });
}

#[test]
fn native_runs_originals() {
    isolated(|| {
        assert!(patch_thread().unwrap().is_done());
        assert!(patch_module(&GREEN_COUNTER).unwrap().is_done());
        let me = greenpatch::native_thread_id();
        let ids = native(|| {
            assert_eq!(counter::price(1), 5);
            // A real thread, and those that it spawns are too.
            thread::spawn(|| {
                let below = thread::spawn(greenpatch::native_thread_id).join().unwrap();
                (greenpatch::native_thread_id(), below)
            })
            .join()
            .unwrap()
        });
        assert!(ids.0 != me && ids.1 != me && ids.0 != ids.1);
        assert!(new_threads_are_green());
        assert_eq!(counter::price(1), 4);
    });
}

#[test]
fn a_native_sleep_holds_the_others() {
    isolated(|| {
        assert!(patch_thread().unwrap().is_done());
        let order = Arc::new(std::sync::Mutex::new(Vec::new()));
        let note = |name: &'static str| {
            let order = Arc::clone(&order);
            move || order.lock().unwrap().push(name)
        };
        let (begin, end, other) = (note("begin"), note("end"), note("other"));
        let sleeper = thread::spawn(move || {
            begin();
            native(|| thread::sleep(Duration::from_millis(30)));
            end();
        });
        let started = Instant::now();
        let other = thread::spawn(other);
        sleeper.join().unwrap();
        other.join().unwrap();
        assert_eq!(*order.lock().unwrap(), ["begin", "end", "other"]);
        assert!(started.elapsed() >= Duration::from_millis(30));
    });
}

#[test]
fn what_belongs_to_a_green_thread_stays_in_native() {
    greenpatch::thread_local! {
        static NUMBER: std::cell::Cell<u32> = const { std::cell::Cell::new(0) };
    }
    isolated(|| {
        assert!(patch_thread().unwrap().is_done());
        NUMBER.set(1);
        let green = thread::Builder::new().name("green".to_owned()).spawn(|| {
            NUMBER.set(2);
            native(|| {
                let name = thread::current().name().map(str::to_owned);
                (NUMBER.get(), name, thread::current().id())
            }) == (2, Some("green".to_owned()), thread::current().id())
        });
        assert!(green.unwrap().join().unwrap());
        assert_eq!(NUMBER.get(), 1);
    });
}
