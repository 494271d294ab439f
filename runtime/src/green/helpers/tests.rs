//! The helpers, with a hub of their own and without the patch table.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use super::{FEW, Helpers};
use crate::coroutine::Size;
use crate::green::parker::Parker;
use crate::hub::{self, Body, Hub};
use crate::seam::offload::{self, Call};

/// Runs `body` on a hub, as a number of green threads.
#[expect(clippy::disallowed_methods, reason = "the hub needs an OS thread")]
fn on_a_hub(threads: usize, body: impl Fn(usize) + Send + Sync + 'static) {
    let body = Arc::new(body);
    std::thread::spawn(move || {
        let hub = Hub::new().unwrap();
        hub.enter();
        for number in 0..threads {
            let body = Arc::clone(&body);
            let stack = hub
                .as_destination()
                .reserve(Size::holding(256 << 10).unwrap())
                .unwrap();
            hub.as_destination()
                .start(stack, Body::new(move || body(number)));
        }
        while hub.load() > 0 {
            hub.park(Some(Instant::now() + Duration::from_millis(1)));
        }
    })
    .join()
    .unwrap();
}

fn make<R: Send>(helpers: &'static Helpers, f: impl FnOnce() -> R + Send) -> R {
    let parker = Parker::current().expect("on a hub");
    let run = offload::run(|call: Call<'_>| helpers.make(&parker, call), || Ok(f()));
    run.expect("the OS has threads")
}

#[test]
fn calls_borrow_and_return() {
    static HELPERS: Helpers = Helpers::limited("test-borrow", 2);
    on_a_hub(20, |number| {
        let here = std::thread::current().id();
        let mut text = String::from("number ");
        let there = make(&HELPERS, || {
            text.push_str(&number.to_string());
            std::thread::current().id()
        });
        assert_ne!(here, there);
        assert_eq!(text, format!("number {number}"));
    });
    assert!(HELPERS.lock().queue.is_empty());
}

#[test]
fn a_panic_is_passed_on() {
    static HELPERS: Helpers = Helpers::limited("test-panic", 2);
    on_a_hub(1, |_| {
        let caught = std::panic::catch_unwind(|| {
            make(&HELPERS, || {
                std::panic::resume_unwind(Box::new("passed on"))
            })
        });
        hub::current().expect("on a hub").caught();
        let payload: Box<dyn std::any::Any + Send> = match caught {
            Err(payload) => payload,
            Ok(()) => unreachable!("the call panicked"),
        };
        assert_eq!(payload.downcast_ref(), Some(&"passed on"));
        assert_eq!(make(&HELPERS, || 7), 7);
    });
}

/// More calls than helpers that are started at once, none of which ends before the last has begun.
#[test]
fn calls_that_block_for_long_get_a_helper_each() {
    static HELPERS: Helpers = Helpers::new("test-grow");
    static BEGUN: AtomicUsize = AtomicUsize::new(0);
    on_a_hub(3 * FEW, |_| {
        make(&HELPERS, || {
            BEGUN.fetch_add(1, Ordering::SeqCst);
            while BEGUN.load(Ordering::SeqCst) < 3 * FEW {
                std::hint::spin_loop();
                #[expect(clippy::disallowed_methods, reason = "on an OS thread")]
                std::thread::yield_now();
            }
        });
    });
    assert!(HELPERS.lock().alive >= 3 * FEW);
}

/// As many calls as wait for one more, which comes last: whatever their number, that one gets a helper.
#[test]
fn calls_do_not_wait_behind_those_that_wait_for_them() {
    const WAITING: usize = 600;
    static HELPERS: Helpers = Helpers::new("test-last");
    static BEGUN: AtomicUsize = AtomicUsize::new(0);
    static GATE: (Mutex<bool>, Condvar) = (Mutex::new(false), Condvar::new());
    on_a_hub(WAITING + 1, |number| {
        make(&HELPERS, || {
            let mut open = GATE.0.lock().unwrap();
            if number == WAITING {
                *open = true;
                GATE.1.notify_all();
            }
            #[expect(clippy::disallowed_methods, reason = "on an OS thread")]
            while !*open {
                open = GATE.1.wait(open).unwrap();
            }
            BEGUN.fetch_add(1, Ordering::SeqCst);
        });
    });
    assert_eq!(BEGUN.load(Ordering::SeqCst), WAITING + 1);
}

/// The most that are at it at a time are as many as the limit says, and all get their turn.
#[test]
fn helpers_are_limited() {
    static HELPERS: Helpers = Helpers::limited("test-limit", 2);
    static BUSY: AtomicUsize = AtomicUsize::new(0);
    let (sender, most) = mpsc::channel();
    let sender = Mutex::new(sender);
    on_a_hub(50, move |_| {
        let busy = make(&HELPERS, || {
            let busy = BUSY.fetch_add(1, Ordering::SeqCst) + 1;
            #[expect(clippy::disallowed_methods, reason = "on an OS thread")]
            std::thread::yield_now();
            BUSY.fetch_sub(1, Ordering::SeqCst);
            busy
        });
        sender.lock().unwrap().send(busy).unwrap();
    });
    let seen: Vec<usize> = most.iter().collect();
    assert_eq!(seen.len(), 50);
    assert!(seen.iter().all(|busy| (1..=2).contains(busy)));
    assert!(HELPERS.lock().alive <= 2);
}
