//! `sync::mpsc::sync_channel`, on OS threads.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use greenpatch::sync::mpsc::{
    RecvError, RecvTimeoutError, SendError, TryRecvError, TrySendError, sync_channel,
};
use greenpatch_tests::{Random, watchdog};

const LIMIT: Duration = Duration::from_secs(60);

#[test]
fn has_room_for_as_many_as_were_asked_for() {
    for bound in [1, 2, 7] {
        let (sender, receiver) = sync_channel(bound);
        for number in 0..bound {
            sender.send(number).unwrap();
        }
        assert_eq!(sender.try_send(99), Err(TrySendError::Full(99)));
        assert_eq!(receiver.recv(), Ok(0));
        sender.try_send(bound).unwrap();
        for number in 1..=bound {
            assert_eq!(receiver.try_recv(), Ok(number));
        }
        assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
    }
}

#[test]
fn a_huge_bound_takes_no_memory() {
    let (sender, receiver) = sync_channel(usize::MAX);
    sender.send(1).unwrap();
    assert_eq!(receiver.recv(), Ok(1));
}

#[test]
fn blocks_while_full() {
    let _dog = watchdog(LIMIT);
    for bound in 0..3 {
        let (sender, receiver) = sync_channel(bound);
        let child = thread::spawn(move || {
            for number in 0..2_000 {
                sender.send(number).unwrap();
            }
        });
        for number in 0..2_000 {
            assert_eq!(receiver.recv(), Ok(number));
        }
        assert_eq!(receiver.recv(), Err(RecvError));
        child.join().unwrap();
    }
}

/// With a bound of 0 a send ends when its message is received.
#[test]
fn a_rendezvous_waits_for_the_receiver() {
    let _dog = watchdog(LIMIT);
    let (sender, receiver) = sync_channel(0);
    assert_eq!(sender.try_send(0), Err(TrySendError::Full(0)));
    let received = Arc::new(AtomicUsize::new(0));
    let seen = received.clone();
    let child = thread::spawn(move || {
        for number in 1..100 {
            sender.send(number).unwrap();
            // No more messages are received than were sent.
            assert!(seen.load(Ordering::SeqCst) + 1 >= number);
        }
    });
    for number in 1..100 {
        assert_eq!(receiver.recv(), Ok(number));
        received.store(number, Ordering::SeqCst);
    }
    child.join().unwrap();
}

#[test]
fn a_rendezvous_by_trying() {
    let _dog = watchdog(LIMIT);
    let (sender, receiver) = sync_channel(0);
    // The receiver waits, the sender tries.
    let child = thread::spawn(move || (receiver.recv(), receiver));
    while sender.try_send(1).is_err() {
        thread::yield_now();
    }
    let (received, receiver) = child.join().unwrap();
    assert_eq!(received, Ok(1));
    // The sender waits, the receiver tries.
    let child = thread::spawn(move || sender.send(2));
    let received = loop {
        match receiver.try_recv() {
            Err(TryRecvError::Empty) => thread::yield_now(),
            other => break other,
        }
    };
    assert_eq!(received, Ok(2));
    child.join().unwrap().unwrap();
}

#[test]
fn ends_when_the_senders_are_gone() {
    let _dog = watchdog(LIMIT);
    for bound in 0..3 {
        let (sender, receiver) = sync_channel::<i32>(bound);
        let child = thread::spawn(move || {
            let first = receiver.recv();
            (first, receiver.recv(), receiver.try_recv())
        });
        sender.clone().send(1).unwrap();
        drop(sender);
        assert_eq!(
            child.join().unwrap(),
            (Ok(1), Err(RecvError), Err(TryRecvError::Disconnected))
        );
    }
}

#[test]
fn what_is_buffered_outlives_the_sender() {
    let (sender, receiver) = sync_channel(2);
    sender.send(1).unwrap();
    drop(sender);
    assert_eq!(receiver.recv_timeout(Duration::ZERO), Ok(1));
    assert_eq!(
        receiver.recv_timeout(Duration::from_secs(100)),
        Err(RecvTimeoutError::Disconnected)
    );
}

#[test]
fn returns_what_nobody_will_receive() {
    let _dog = watchdog(LIMIT);
    for bound in 0..2 {
        let (sender, receiver) = sync_channel(bound);
        for number in 0..bound {
            sender.send(number).unwrap();
        }
        let children: Vec<_> = (0..3)
            .map(|number| {
                let sender = sender.clone();
                thread::spawn(move || sender.send(number))
            })
            .collect();
        thread::yield_now();
        drop(receiver);
        for (number, child) in children.into_iter().enumerate() {
            assert_eq!(child.join().unwrap(), Err(SendError(number)));
        }
        assert_eq!(sender.send(7), Err(SendError(7)));
        assert_eq!(sender.try_send(8), Err(TrySendError::Disconnected(8)));
    }
}

#[test]
fn drops_what_was_not_received() {
    let (sender, receiver) = sync_channel(4);
    let message = Arc::new(());
    for _ in 0..4 {
        sender.send(message.clone()).unwrap();
    }
    drop(receiver);
    assert_eq!(Arc::strong_count(&message), 1);
}

#[test]
fn timeouts_are_never_early() {
    let _dog = watchdog(LIMIT);
    for bound in 0..2 {
        let (_sender, receiver) = sync_channel::<()>(bound);
        for micros in [0, 1, 100, 5_000, 20_000] {
            let timeout = Duration::from_micros(micros);
            let start = Instant::now();
            assert_eq!(
                receiver.recv_timeout(timeout),
                Err(RecvTimeoutError::Timeout)
            );
            assert!(start.elapsed() >= timeout);
        }
    }
}

/// Timeouts race with messages: none is lost, and none comes twice.
#[test]
fn many_at_random() {
    let _dog = watchdog(LIMIT);
    const SENDERS: usize = 5;
    const MESSAGES: usize = 2_000;
    let mut random = Random::new();
    for bound in [0, 1, 5] {
        let (sender, receiver) = sync_channel(bound);
        thread::scope(|s| {
            for number in 0..SENDERS {
                let sender = sender.clone();
                let mut random = Random::seeded(random.draw());
                s.spawn(move || {
                    for message in 0..MESSAGES {
                        let mut message = (number, message);
                        if random.below(3) == 0 {
                            while let Err(error) = sender.try_send(message) {
                                let TrySendError::Full(back) = error else {
                                    panic!("the receiver is gone");
                                };
                                message = back;
                                thread::yield_now();
                            }
                        } else {
                            sender.send(message).unwrap();
                        }
                    }
                });
            }
            drop(sender);
            let mut next = [0; SENDERS];
            loop {
                let received = match random.below(4) {
                    0 => match receiver.try_recv() {
                        Err(TryRecvError::Empty) => continue,
                        Err(TryRecvError::Disconnected) => None,
                        Ok(message) => Some(message),
                    },
                    1 => match receiver.recv_timeout(Duration::from_micros(random.below(50))) {
                        Err(RecvTimeoutError::Timeout) => continue,
                        Err(RecvTimeoutError::Disconnected) => None,
                        Ok(message) => Some(message),
                    },
                    _ => receiver.recv().ok(),
                };
                let Some((sender, message)) = received else {
                    break;
                };
                assert_eq!(next[sender], message);
                next[sender] += 1;
            }
            assert_eq!(next, [MESSAGES; SENDERS]);
        });
    }
}

/// Senders race with the end of the receiver: each message is dropped once.
#[test]
fn the_receiver_goes_while_many_send() {
    let _dog = watchdog(LIMIT);
    let mut random = Random::new();
    for round in 0..300 {
        let (sender, receiver) = sync_channel(round % 3);
        let message = Arc::new(());
        let count = random.below(30);
        thread::scope(|s| {
            for _ in 0..3 {
                let (sender, message) = (sender.clone(), message.clone());
                s.spawn(move || while sender.send(message.clone()).is_ok() {});
            }
            for _ in 0..count {
                receiver.recv().unwrap();
            }
            drop(receiver);
        });
        assert_eq!(Arc::strong_count(&message), 1);
    }
}

#[test]
fn prints_as_std_does() {
    let (ours, theirs) = (
        sync_channel::<i32>(1),
        std::sync::mpsc::sync_channel::<i32>(1),
    );
    assert_eq!(format!("{ours:?}"), format!("{theirs:?}"));
}
