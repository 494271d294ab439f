//! Models of the protocol between waiters and wakers.

use loom::model;
use loom::sync::Arc;
use loom::thread;

use super::*;
use crate::wait::native::Native;
use crate::wait::park::{self, Wait};

/// Addresses, of which the first two are in different buckets and the last two in the same one.
fn addresses() -> [usize; 3] {
    let first = 64;
    let other = (1..)
        .map(|number| 64 * number)
        .find(|address| index(*address) != index(first));
    let other = other.unwrap();
    let same = (1..)
        .map(|number| other + 64 * number)
        .find(|address| index(*address) == index(other));
    [first, other, same.unwrap()]
}

/// Waits at `address` until the word is not zero.
fn wait_for(word: &AtomicU32, address: usize) {
    while word.load(Ordering::Acquire) == 0 {
        let must_wait = || word.load(Ordering::Relaxed) == 0;
        let sleeper = Sleeper::new(address, ANY, &must_wait);
        park::wait(&Native::current(), &Wait::new(&sleeper, None));
    }
}

#[test]
fn a_wake_is_not_lost() {
    model(|| {
        let word = Arc::new(AtomicU32::new(0));
        let waiter = thread::spawn({
            let word = word.clone();
            move || wait_for(&word, 64)
        });
        word.store(1, Ordering::Release);
        wake(64, ANY, 1);
        waiter.join().unwrap();
        assert!(!are_there_any(64));
    });
}

#[test]
fn one_wake_each_for_two_waiters() {
    let mut builder = model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(|| {
        let word = Arc::new(AtomicU32::new(0));
        let waiters = [0, 1].map(|_| {
            let word = word.clone();
            thread::spawn(move || wait_for(&word, 64))
        });
        word.store(1, Ordering::Release);
        wake(64, ANY, 1);
        wake(64, ANY, 1);
        for waiter in waiters {
            waiter.join().unwrap();
        }
    });
}

/// A waiter that gives up while it is woken: either it has withdrawn, or the wake counts it.
#[test]
fn a_wake_counts_what_it_ends() {
    model(|| {
        let sleeper_withdrew = thread::spawn(|| {
            let sleeper = Sleeper::new(64, ANY, &|| true);
            assert!(sleeper.register(Waker::noop().clone(), 1));
            let withdrew = sleeper.unregister();
            assert_eq!(sleeper.is_waiting(), withdrew);
            withdrew
        });
        let woken = wake(64, ANY, 1);
        assert_eq!(sleeper_withdrew.join().unwrap(), woken == 0);
    });
}

/// A waiter that gives up while it is moved is found in one of the two buckets.
#[test]
fn a_withdrawal_follows_a_move() {
    for to in [1, 2] {
        model(move || {
            let addresses = addresses();
            let (from, to) = if to == 1 {
                (addresses[0], addresses[1])
            } else {
                (addresses[1], addresses[2])
            };
            let waiter = thread::spawn(move || {
                let sleeper = Sleeper::new(from, ANY, &|| true);
                assert!(sleeper.register(Waker::noop().clone(), 1));
                assert!(sleeper.unregister());
            });
            requeue(from, to, 0, 1, &|| true);
            waiter.join().unwrap();
            assert!(!are_there_any(from) && !are_there_any(to));
        });
    }
}

/// A waiter is moved in one direction while the other direction is served: the locks are taken in one order.
#[test]
fn moves_in_both_directions() {
    let mut builder = model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(|| {
        let [one, other, _] = addresses();
        let mover = thread::spawn(move || {
            requeue(one, other, 0, 1, &|| true);
        });
        let sleeper = Sleeper::new(other, ANY, &|| true);
        assert!(sleeper.register(Waker::noop().clone(), 1));
        requeue(other, one, 0, 1, &|| true);
        mover.join().unwrap();
        assert!(sleeper.unregister());
    });
}
