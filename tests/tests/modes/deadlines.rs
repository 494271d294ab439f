//! A message or notification that arrives before a deadline is received, even if the waiter runs late: another thread
//! sends or notifies, and then keeps the processor until the deadline has passed.

use std::sync::Arc;
use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant};

use greenpatch::sync::{Condvar, Mutex, mpsc};
use greenpatch::thread;

use crate::Case;

pub(crate) const CASES: &[Case] = &[
    ("deadlines: a channel", a_channel),
    ("deadlines: a bounded channel", a_bounded_channel),
    ("deadlines: a rendezvous", a_rendezvous),
    ("deadlines: a condition", a_condition),
    ("deadlines: a token", a_token),
];

const TIMEOUT: Duration = Duration::from_millis(30);

/// Calls `act` on another thread, which then keeps its processor for twice the timeout, while `wait` waits here and
/// returns whether it succeeded. It must succeed if `act` was called in time. Otherwise the attempt is repeated.
fn comes_in_time<W, A>(mut prepare: impl FnMut() -> (W, A))
where
    W: FnOnce() -> bool,
    A: FnOnce() + Send + 'static,
{
    for _ in 0..200 {
        let (wait, act) = prepare();
        let start = Instant::now();
        let neighbour = thread::spawn(move || {
            act();
            let done = Instant::now();
            while start.elapsed() < 2 * TIMEOUT {}
            done
        });
        let came = wait();
        let in_time = neighbour.join().unwrap() < start + TIMEOUT;
        assert!(came || !in_time, "what had come in time was lost");
        if in_time {
            return;
        }
    }
    panic!("the neighbour is never in time");
}

fn received(result: Result<i32, RecvTimeoutError>) -> bool {
    match result {
        Ok(number) => {
            assert_eq!(number, 7);
            true
        }
        Err(error) => {
            assert_eq!(error, RecvTimeoutError::Timeout);
            false
        }
    }
}

fn a_channel() {
    comes_in_time(|| {
        let (sender, receiver) = mpsc::channel();
        let clone = sender.clone();
        (
            move || {
                let came = received(receiver.recv_timeout(TIMEOUT));
                drop(clone);
                came
            },
            move || _ = sender.send(7),
        )
    });
}

fn a_bounded_channel() {
    comes_in_time(|| {
        let (sender, receiver) = mpsc::sync_channel(1);
        let clone = sender.clone();
        (
            move || {
                let came = received(receiver.recv_timeout(TIMEOUT));
                drop(clone);
                came
            },
            move || _ = sender.send(7),
        )
    });
}

fn a_rendezvous() {
    comes_in_time(|| {
        let (sender, receiver) = mpsc::sync_channel(0);
        let clone = sender.clone();
        (
            move || {
                let came = received(receiver.recv_timeout(TIMEOUT));
                drop(clone);
                came
            },
            // This fails if the receiver does not wait yet or has timed out; then it was not in time either.
            move || {
                while let Err(mpsc::TrySendError::Full(_)) = sender.try_send(7) {
                    thread::yield_now();
                }
            },
        )
    });
}

/// A notification is not lost: the wait does not report a timeout.
fn a_condition() {
    comes_in_time(|| {
        let shared = Arc::new((Mutex::new(false), Condvar::new()));
        let notifier = shared.clone();
        (
            move || {
                let guard = shared.0.lock().unwrap();
                if *guard {
                    // The notification came before the wait.
                    return true;
                }
                let (guard, result) = shared.1.wait_timeout(guard, TIMEOUT).unwrap();
                assert!(*guard || result.timed_out());
                !result.timed_out()
            },
            move || {
                *notifier.0.lock().unwrap() = true;
                notifier.1.notify_one();
            },
        )
    });
}

/// A token that arrived in time is consumed: the next park waits for another.
fn a_token() {
    comes_in_time(|| {
        let parked = thread::current();
        (
            move || {
                thread::park_timeout(TIMEOUT);
                let before = Instant::now();
                thread::park_timeout(TIMEOUT);
                // Not so if the token came after the first.
                before.elapsed() >= TIMEOUT
            },
            move || parked.unpark(),
        )
    });
}
