use ::std::sync::Arc;
use ::std::sync::atomic::AtomicUsize;
use ::std::task::Wake;
use ::std::thread;
use ::std::time::{Duration, Instant};

use super::*;
use crate::wait::native::Native;
use crate::wait::park::{self, Outcome, Wait};

struct Counter(AtomicUsize);

impl Wake for Counter {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

fn always() -> bool {
    true
}

#[test]
fn waiters_are_woken_in_order_and_by_mask() {
    let word = 0_u32;
    let address = (&raw const word).addr();
    let counter = Arc::new(Counter(AtomicUsize::new(0)));
    let sleepers: Vec<_> = (0..20)
        .map(|number| Sleeper::new(address, if number % 2 == 0 { 1 } else { 2 }, &always))
        .collect();
    for sleeper in &sleepers {
        assert!(sleeper.register(Waker::from(counter.clone()), 1));
    }
    let waiting = || -> Vec<_> {
        let waits = sleepers.iter().enumerate();
        waits
            .filter(|(_, sleeper)| sleeper.is_waiting())
            .map(|(number, _)| number)
            .collect()
    };
    assert_eq!(wake(address, 2, 1), 1);
    assert!(!sleepers[1].is_waiting() && waiting().len() == 19);
    assert_eq!(wake(address, ANY, 2), 2);
    assert!(!sleepers[0].is_waiting() && !sleepers[2].is_waiting());
    assert!(sleepers[3].unregister() && !sleepers[0].unregister());
    assert_eq!(wake(address, ANY, u32::MAX), 16);
    assert!(waiting() == [3]);
    assert_eq!(counter.0.load(Ordering::Relaxed), 19);
    assert_eq!(wake(address, ANY, 1), 0);
    assert!(!are_there_any(address));
}

#[test]
fn waiters_are_moved() {
    let words = [0_u32; 64];
    let address = |index: usize| (&raw const words[index]).addr();
    for to in 1..words.len() {
        let counter = Arc::new(Counter(AtomicUsize::new(0)));
        let sleepers: Vec<_> = (0..10)
            .map(|_| Sleeper::new(address(0), ANY, &always))
            .collect();
        for sleeper in &sleepers {
            assert!(sleeper.register(Waker::from(counter.clone()), 1));
        }
        assert_eq!(requeue(address(0), address(to), 1, 5, &|| false), None);
        assert_eq!(
            requeue(address(0), address(to), 1, 5, &always),
            Some((1, 5))
        );
        assert!(!sleepers[0].is_waiting());
        assert!(sleepers[1].unregister());
        assert_eq!(wake(address(to), ANY, 3), 3);
        assert!(!sleepers[4].is_waiting() && sleepers[5].is_waiting());
        assert_eq!(wake(address(0), ANY, u32::MAX), 4);
        assert_eq!(wake(address(to), ANY, u32::MAX), 1);
        assert_eq!(counter.0.load(Ordering::Relaxed), 9);
    }
    // To the same place: behind the others.
    let counter = Arc::new(Counter(AtomicUsize::new(0)));
    let sleepers = [0, 1].map(|_| Sleeper::new(address(0), ANY, &always));
    for sleeper in &sleepers {
        assert!(sleeper.register(Waker::from(counter.clone()), 1));
    }
    assert_eq!(requeue(address(0), address(0), 0, 1, &always), Some((0, 1)));
    assert_eq!(wake(address(0), ANY, 1), 1);
    assert!(sleepers[0].is_waiting() && !sleepers[1].is_waiting());
    assert!(sleepers[0].unregister());
}

#[test]
fn a_change_before_the_queue_is_entered_is_seen() {
    let sleeper = Sleeper::new(8, ANY, &|| false);
    assert!(!sleeper.register(Waker::noop().clone(), 1));
    assert!(!are_there_any(8));
}

#[test]
fn native_threads_hand_over_a_word() {
    const ROUNDS: u32 = 20_000;
    let word = ::std::sync::atomic::AtomicU32::new(0);
    let address = word.as_ptr().addr();
    let go = |mine: u32| {
        for round in 0..ROUNDS {
            let turn = 2 * round + mine;
            while word.load(Ordering::Acquire) != turn {
                let found = word.load(Ordering::Acquire);
                if found == turn {
                    break;
                }
                let must_wait = || word.load(Ordering::Relaxed) == found;
                let sleeper = Sleeper::new(address, ANY, &must_wait);
                let deadline = Instant::now() + Duration::from_secs(60);
                let wait = Wait::new(&sleeper, Some(deadline));
                assert_ne!(park::wait(&Native::current(), &wait), Outcome::TimedOut);
            }
            word.store(turn + 1, Ordering::Release);
            wake(address, ANY, 1);
        }
    };
    thread::scope(|scope| {
        scope.spawn(|| go(0));
        scope.spawn(|| go(1));
    });
}
