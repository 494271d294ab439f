//! `sync::Barrier`, on OS threads.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use greenpatch::sync::Barrier;
use greenpatch_tests::watchdog;

const LIMIT: Duration = Duration::from_secs(60);

#[test]
fn lets_through_together_with_one_leader() {
    let _dog = watchdog(LIMIT);
    const THREADS: usize = 5;
    const ROUNDS: usize = 300;
    let barrier = Barrier::new(THREADS);
    let (came, led) = (AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|s| {
        for _ in 0..THREADS {
            s.spawn(|| {
                for round in 1..=ROUNDS {
                    came.fetch_add(1, Ordering::Relaxed);
                    if barrier.wait().is_leader() {
                        led.fetch_add(1, Ordering::Relaxed);
                    }
                    assert!(came.load(Ordering::Relaxed) >= round * THREADS);
                    barrier.wait();
                }
            });
        }
    });
    assert_eq!(led.into_inner(), ROUNDS);
}

#[test]
fn of_none_or_one_holds_nobody_up() {
    assert!(Barrier::new(0).wait().is_leader());
    static ONE: Barrier = Barrier::new(1);
    assert!(ONE.wait().is_leader());
}

#[test]
fn prints_as_std_does() {
    let (ours, theirs) = (Barrier::new(1), std::sync::Barrier::new(1));
    assert_eq!(format!("{ours:?}"), format!("{theirs:?}"));
    assert_eq!(format!("{:?}", ours.wait()), format!("{:?}", theirs.wait()));
}
