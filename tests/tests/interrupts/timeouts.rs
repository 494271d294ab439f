//! Time-outs: which of several is noticed, and what is not theirs.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::{Duration, Instant};

use greenpatch::sync::mpsc;
use greenpatch::{Cancel, Cancelled, Elapsed, shield, thread, timeout};

use crate::{Case, settle};

pub(crate) const CASES: &[Case] = &[
    ("a closure that does not wait", does_not_wait),
    ("the inner time-out alone", the_inner_one),
    ("one after the other", one_after_the_other),
    ("an inner time-out that is caught", caught_inside),
    ("a time-out within a shield", within_a_shield),
    ("a time-out of zero", zero),
    ("a time-out that never elapses", never),
    ("a panic is passed on", a_panic),
    ("another payload is passed on", another_payload),
    ("a cancellation passes through", cancelled_inside),
    ("time-outs of many threads", many_threads),
    ("a deadline of the wait comes first", a_deadline_of_the_wait),
    ("part of a transfer is reported", part_of_a_transfer),
];

const SHORT: Duration = Duration::from_millis(2);
const LONG: Duration = Duration::from_secs(3600);

fn does_not_wait() {
    let began = Instant::now();
    let result = timeout(SHORT, || {
        while began.elapsed() < 2 * SHORT {
            std::hint::spin_loop();
        }
        "late"
    });
    assert_eq!(result, Ok("late"));
    // It is over.
    thread::sleep(Duration::from_millis(1));
}

fn the_inner_one() {
    let result = timeout(LONG, || {
        let inner = timeout(SHORT, thread::park);
        assert!(inner.unwrap_err().is_elapsed());
        thread::sleep(Duration::from_millis(1));
        5
    });
    assert_eq!(result, Ok(5));
}

fn one_after_the_other() {
    for _ in 0..50 {
        let result = timeout(Duration::from_micros(200), thread::park);
        assert!(result.is_err());
    }
}

/// Code that catches the unwinding and goes on is interrupted again, until the time-out is left.
fn caught_inside() {
    let mut caught = 0;
    let result = timeout(SHORT, || {
        for _ in 0..3 {
            let payload = catch_unwind(thread::park).unwrap_err();
            assert!(payload.is::<Elapsed>());
            caught += 1;
        }
    });
    assert_eq!((result, caught), (Ok(()), 3));
    let payload = timeout(SHORT, || catch_unwind(thread::park).unwrap_err()).unwrap();
    // It is not that of any other time-out.
    let result = catch_unwind(AssertUnwindSafe(|| {
        timeout(LONG, || resume_unwind(payload))
    }));
    assert!(result.unwrap_err().is::<Elapsed>());
}

fn within_a_shield() {
    let result = timeout(SHORT, || {
        shield(|| {
            let inner = timeout(2 * SHORT, thread::park);
            assert!(inner.unwrap_err().is_elapsed());
        });
        thread::park();
    });
    assert!(result.unwrap_err().is_elapsed());
}

fn zero() {
    let (sender, receiver) = mpsc::channel();
    sender.send(1).unwrap();
    // What need not wait is done.
    assert_eq!(timeout(Duration::ZERO, || receiver.recv()), Ok(Ok(1)));
    assert!(timeout(Duration::ZERO, || receiver.recv()).is_err());
}

fn never() {
    let result = timeout(Duration::MAX, || {
        thread::sleep(Duration::from_millis(1));
        1
    });
    assert_eq!(result, Ok(1));
}

fn a_panic() {
    let result = catch_unwind(|| timeout(LONG, || resume_unwind(Box::new(7_u8))));
    assert_eq!(*result.unwrap_err().downcast::<u8>().unwrap(), 7);
    thread::sleep(Duration::from_millis(1));
}

fn another_payload() {
    let other = thread::spawn(thread::park);
    other.cancel();
    let payload = other.join().unwrap_err();
    let result = catch_unwind(AssertUnwindSafe(|| {
        timeout(LONG, || resume_unwind(payload))
    }));
    assert!(result.unwrap_err().is::<Cancelled>());
}

fn cancelled_inside() {
    let thread = thread::spawn(|| {
        let _ = timeout(LONG, || timeout(LONG, thread::park));
        unreachable!("it was cancelled");
    });
    settle();
    thread.cancel();
    assert!(thread.join().unwrap_err().is::<Cancelled>());
}

fn many_threads() {
    let threads: Vec<_> = (0..300)
        .map(|number| {
            thread::spawn(move || {
                let time = Duration::from_micros(number % 7 * 300);
                timeout(time, thread::park).unwrap_err().is_elapsed()
            })
        })
        .collect();
    for thread in threads {
        assert!(thread.join().unwrap());
    }
}

fn a_deadline_of_the_wait() {
    let (_sender, receiver) = mpsc::channel::<()>();
    let result = timeout(LONG, || receiver.recv_timeout(SHORT));
    assert_eq!(result, Ok(Err(mpsc::RecvTimeoutError::Timeout)));
    let result = timeout(SHORT, || receiver.recv_timeout(LONG));
    assert!(result.unwrap_err().is_elapsed());
}

/// A write that has moved bytes returns their number, and the next one unwinds: no byte is sent without its writer knowing.
fn part_of_a_transfer() {
    use std::io::{Read, Write};

    use greenpatch::os::unix::net::UnixStream;

    let (mut one, mut other) = UnixStream::pair().unwrap();
    let bytes = vec![1_u8; 8 << 20];
    let mut sent = 0;
    let result = timeout(2 * SHORT, || {
        while sent < bytes.len() {
            sent += one.write(&bytes[sent..]).unwrap();
        }
    });
    assert!(result.unwrap_err().is_elapsed());
    assert!(0 < sent && sent < bytes.len());
    drop(one);
    let mut received = Vec::new();
    other.read_to_end(&mut received).unwrap();
    assert_eq!(received.len(), sent);
}
