mod attempts;
#[cfg(all(
    target_arch = "x86_64",
    target_pointer_width = "64",
    target_os = "linux",
    not(greenpatch_corosensei)
))]
mod copies;
mod descriptors;
mod polls;

use std::cell::RefCell;
use std::ptr::NonNull;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use super::*;
use crate::coroutine::Size;

/// Runs `root` on a new OS thread with a new hub.
fn on_a_hub(root: impl FnOnce(&'static Hub) + Send + 'static) {
    let hub = Hub::new().unwrap();
    std::thread::spawn(move || {
        hub.enter();
        root(hub);
    })
    .join()
    .unwrap();
}

fn start(hub: &'static Hub, body: impl FnOnce() + Send + 'static) {
    start_with(hub, 64 << 10, body);
}

/// Starts a task with a stack of this size.
fn start_with(hub: &'static Hub, size: usize, body: impl FnOnce() + Send + 'static) {
    let stack = hub
        .as_destination()
        .reserve(Size::holding(size).unwrap())
        .unwrap();
    hub.as_destination().start(stack, Body::new(Box::new(body)));
}

/// Runs the hub until no green thread is left on it.
fn drain(hub: &'static Hub) {
    while hub.load() > 0 {
        hub.tick();
    }
}

/// Blocks until `done`, as a lock would: parks in a loop.
fn park_until(hub: &'static Hub, done: &AtomicBool) {
    while !done.load(Ordering::Acquire) {
        hub.park(None);
    }
}

/// Waits once until a byte can be read. Returns whether the wait ended as ready, and whether the hub has made the attempt.
fn wait_for_a_byte(
    hub: &'static Hub,
    key: Key,
    deadline: Option<Instant>,
    mut attempt: impl FnMut() -> usize,
) -> (bool, bool) {
    let mut was_made = false;
    let waited = hub.wait_ready(key, Direction::Read, deadline, true, None, &mut || {
        was_made = true;
        attempt()
    });
    (waited == Waited::Ready, was_made)
}

#[test]
fn green_threads_take_turns_in_order() {
    on_a_hub(|hub| {
        let (sender, receiver) = mpsc::channel();
        for name in 0..3 {
            let sender = sender.clone();
            start(hub, move || {
                for step in 0..3 {
                    sender.send((step, name)).unwrap();
                    current().unwrap().yield_now();
                }
            });
        }
        drop(sender);
        while hub.load() > 0 {
            hub.yield_now();
        }
        let seen: Vec<_> = receiver.iter().collect();
        assert_eq!(
            seen,
            [
                (0, 0),
                (0, 1),
                (0, 2),
                (1, 0),
                (1, 1),
                (1, 2),
                (2, 0),
                (2, 1),
                (2, 2)
            ]
        );
    });
}

#[test]
fn the_root_is_woken_by_a_green_thread() {
    on_a_hub(|hub| {
        let done = Arc::new(AtomicBool::new(false));
        let waker = hub.waker();
        start(hub, {
            let done = done.clone();
            move || {
                done.store(true, Ordering::Release);
                waker.wake();
            }
        });
        park_until(hub, &done);
    });
}

#[test]
fn a_wake_up_before_the_park_is_not_lost() {
    on_a_hub(|hub| {
        hub.waker().wake();
        hub.park(None);
    });
}

#[test]
fn another_os_thread_wakes_a_sleeping_hub() {
    on_a_hub(|hub| {
        for _ in 0..200 {
            let done = Arc::new(AtomicBool::new(false));
            let waker = hub.waker();
            let other = std::thread::spawn({
                let done = done.clone();
                move || {
                    done.store(true, Ordering::Release);
                    waker.wake();
                }
            });
            park_until(hub, &done);
            other.join().unwrap();
        }
    });
}

#[test]
fn another_os_thread_starts_green_threads_on_a_hub() {
    let hub = Hub::new().unwrap();
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || hub.run_forever());
    for number in 0..1000 {
        let sender = sender.clone();
        start(hub, move || {
            sender.send((number, std::thread::current().id())).unwrap()
        });
    }
    drop(sender);
    let seen: Vec<_> = receiver.iter().collect();
    assert_eq!(seen.len(), 1000);
    assert!(seen.iter().enumerate().all(|(index, &(number, thread))| {
        number == index && thread == seen[0].1 && thread != std::thread::current().id()
    }));
}

#[test]
fn deadlines_are_kept_and_never_early() {
    on_a_hub(|hub| {
        let order = Arc::new(std::sync::Mutex::new(Vec::new()));
        for milliseconds in [30_u64, 10, 20] {
            let order = order.clone();
            start(hub, move || {
                let deadline = Instant::now() + Duration::from_millis(milliseconds);
                while Instant::now() < deadline {
                    current().unwrap().park(Some(deadline));
                }
                order.lock().unwrap().push(milliseconds);
            });
        }
        drain(hub);
        assert_eq!(*order.lock().unwrap(), [10, 20, 30]);
        assert_eq!(hub.core().timers.borrow().next_deadline(), None);
    });
}

#[test]
fn a_busy_pair_does_not_starve_a_timer() {
    on_a_hub(|hub| {
        let stop = Arc::new(AtomicBool::new(false));
        for _ in 0..2 {
            let stop = stop.clone();
            start(hub, move || {
                while !stop.load(Ordering::Relaxed) {
                    current().unwrap().yield_now();
                }
            });
        }
        let deadline = Instant::now() + Duration::from_millis(5);
        while Instant::now() < deadline {
            hub.park(Some(deadline));
        }
        stop.store(true, Ordering::Relaxed);
        drain(hub);
    });
}

#[test]
fn user_data_is_separate_for_each_green_thread() {
    on_a_hub(|hub| {
        for _ in 0..3 {
            start(hub, || {
                let hub = current().unwrap();
                let mine = Rc::new(RefCell::new(0_u8));
                assert_eq!(hub.user_data(), None);
                hub.set_user_data(Some(NonNull::from(&*mine).cast()));
                hub.yield_now();
                assert_eq!(hub.user_data(), Some(NonNull::from(&*mine).cast()));
                hub.set_user_data(None);
            });
        }
        drain(hub);
    });
}
