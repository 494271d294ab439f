//! Tests of the parking lot, with native threads and with threads that wake up spuriously.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use super::support::{Restless, Watchdog};
use crate::wait::native::Native;
use crate::wait::park::{self, Outcome, Wait};
use crate::wait::parking_lot::{Address, Gate, Waiter, with_queue};
use crate::wait::queue::Verdict;
use crate::wait::reason::{Kind, Reason};

/// A gate of a thread that waits until the flag is set.
struct Stop<'a>(&'a AtomicBool);

impl Gate for Stop<'_> {
    fn reason(&self) -> Reason {
        Reason::new(Kind::Park, self.0)
    }

    fn validate(&self, _impatient: bool) -> bool {
        !self.0.load(Ordering::Relaxed)
    }
}

/// Returns the number of waiters at an address.
fn length(address: Address) -> usize {
    with_queue(address, |queue| queue.iter().count())
}

/// Waiters are woken in order of arrival, native and green alike.
#[test]
fn order_of_arrival_is_kept() {
    let _dog = Watchdog::new();
    let stopped = Arc::new(AtomicBool::new(false));
    let address = Address::of(&*stopped);
    let woken = Arc::new(Mutex::new(Vec::new()));
    let children: Vec<_> = (0..8)
        .map(|number| {
            let (stopped, woken) = (stopped.clone(), woken.clone());
            let child = thread::spawn(move || {
                let waiter = Waiter::new(Address::of(&*stopped), number, Stop(&stopped));
                let wait = Wait::new(&waiter, None);
                let outcome = if number % 2 == 0 {
                    park::wait(&Native::current(), &wait)
                } else {
                    park::wait(&Restless, &wait)
                };
                assert_eq!(outcome, Outcome::Woken);
                assert_eq!(waiter.verdict(), Verdict::HANDED);
                woken.lock().unwrap().push(number);
            });
            while length(address) <= number as usize {
                thread::yield_now();
            }
            child
        })
        .collect();
    for (number, child) in children.into_iter().enumerate() {
        with_queue(address, |queue| {
            assert_eq!(queue.front().map(|node| node.want), Some(number as u32));
            assert!(queue.wake(Verdict::HANDED));
        });
        child.join().unwrap();
    }
    assert_eq!(*woken.lock().unwrap(), (0..8).collect::<Vec<_>>());
    assert_eq!(length(address), 0);
    assert!(!with_queue(address, |queue| queue.wake(Verdict::WOKEN)));
}

/// A thread that is woken without success and waits again keeps its position in the queue.
#[test]
fn a_waiter_that_lost_keeps_its_position() {
    let _dog = Watchdog::new();
    let stopped = AtomicBool::new(false);
    let address = Address::of(&stopped);
    thread::scope(|s| {
        let again = s.spawn(|| {
            let waiter = Waiter::new(address, 0, Stop(&stopped));
            for verdict in [Verdict::WOKEN, Verdict::HANDED] {
                park::wait(&Restless, &Wait::new(&waiter, None));
                assert_eq!(waiter.verdict(), verdict);
            }
        });
        while length(address) < 1 {
            thread::yield_now();
        }
        for number in 1..4 {
            s.spawn(move || {
                let never = AtomicBool::new(false);
                let waiter = Waiter::new(address, number, Stop(&never));
                park::wait(&Native::current(), &Wait::new(&waiter, None));
            });
            while length(address) <= number as usize {
                thread::yield_now();
            }
        }
        with_queue(address, |queue| queue.wake(Verdict::WOKEN));
        while length(address) < 4 {
            thread::yield_now();
        }
        with_queue(address, |queue| {
            let waiting: Vec<_> = queue.iter().map(|node| node.want).collect();
            assert_eq!(waiting, [0, 1, 2, 3]);
            // The patience of `Restless` is one wakeup.
            assert!(queue.front().is_some_and(|node| node.impatient()));
            queue.wake(Verdict::HANDED);
            queue.wake_all();
        });
        again.join().unwrap();
    });
}

/// A waiter leaves the queue when its deadline passes, regardless of its position, and its gate is notified.
#[test]
fn a_waiter_that_times_out_leaves_the_queue() {
    let _dog = Watchdog::new();

    struct Leaving<'a>(&'a Mutex<Vec<bool>>);
    impl Gate for Leaving<'_> {
        fn reason(&self) -> Reason {
            Reason::new(Kind::Park, self.0)
        }

        fn validate(&self, _impatient: bool) -> bool {
            true
        }
        fn timed_out(&self, empty: bool) {
            self.0.lock().unwrap().push(empty);
        }
    }

    let left = Mutex::new(Vec::new());
    let address = Address::of(&left);
    let wait = |number, deadline| {
        let waiter = Waiter::new(address, number, Leaving(&left));
        park::wait(&Native::current(), &Wait::new(&waiter, deadline))
    };
    thread::scope(|s| {
        let first = s.spawn(|| wait(0, None));
        while length(address) < 1 {
            thread::yield_now();
        }
        let deadline = Instant::now() + Duration::from_millis(20);
        for number in 1..4 {
            assert_eq!(wait(number, Some(deadline)), Outcome::TimedOut);
            assert!(Instant::now() >= deadline);
        }
        assert_eq!(length(address), 1);
        assert_eq!(*left.lock().unwrap(), [false; 3]);
        with_queue(address, |queue| queue.wake_all());
        assert_eq!(first.join().unwrap(), Outcome::Woken);
    });
    assert_eq!(wait(4, Some(Instant::now())), Outcome::TimedOut);
    assert_eq!(*left.lock().unwrap(), [false, false, false, true]);
}

/// Wakeups race with deadlines: each wakeup ends exactly one wait, and no wait that timed out.
#[test]
fn wakeups_race_with_deadlines() {
    let _dog = Watchdog::new();
    let stopped = AtomicBool::new(false);
    let address = Address::of(&stopped);
    let (woken, given) = (AtomicU32::new(0), AtomicU32::new(0));
    thread::scope(|s| {
        let waiters: Vec<_> = (0..4)
            .map(|number| {
                let (stopped, woken) = (&stopped, &woken);
                s.spawn(move || {
                    for round in 0..2_000_u64 {
                        let waiter = Waiter::new(address, number, Stop(stopped));
                        let deadline = Instant::now() + Duration::from_nanos(round * 37 % 20_000);
                        let wait = Wait::new(&waiter, Some(deadline));
                        if park::wait(&Native::current(), &wait) == Outcome::Woken {
                            woken.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                })
            })
            .collect();
        while waiters.iter().any(|waiter| !waiter.is_finished()) {
            if with_queue(address, |queue| queue.wake(Verdict::WOKEN)) {
                given.fetch_add(1, Ordering::Relaxed);
            }
        }
    });
    assert_eq!(woken.into_inner(), given.into_inner());
    assert_eq!(length(address), 0);
}
