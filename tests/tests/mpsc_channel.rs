//! `sync::mpsc::channel`, on OS threads.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use greenpatch::sync::mpsc::{
    Receiver, RecvError, RecvTimeoutError, SendError, Sender, TryRecvError, channel,
};
use greenpatch_tests::{Random, watchdog};

const LIMIT: Duration = Duration::from_secs(60);

#[test]
fn keeps_order_across_blocks() {
    let (sender, receiver) = channel();
    for round in 0..10 {
        for number in 0..100 {
            sender.send(round * 100 + number).unwrap();
        }
        for number in 0..100 {
            assert_eq!(receiver.recv(), Ok(round * 100 + number));
        }
        assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
    }
}

#[test]
fn blocks_until_there_is_a_message() {
    let _dog = watchdog(LIMIT);
    let (to, from) = channel();
    let (back_to, back_from) = channel();
    let child = thread::spawn(move || {
        for message in from {
            back_to.send(message + 1).unwrap();
        }
    });
    for number in 0..5_000 {
        to.send(number).unwrap();
        assert_eq!(back_from.recv(), Ok(number + 1));
    }
    drop(to);
    child.join().unwrap();
    assert_eq!(back_from.recv(), Err(RecvError));
}

#[test]
fn ends_when_the_senders_are_gone() {
    let (sender, receiver) = channel();
    let other = sender.clone();
    sender.send(1).unwrap();
    drop(sender);
    other.send(2).unwrap();
    drop(other);
    assert_eq!(receiver.recv(), Ok(1));
    assert_eq!(receiver.try_recv(), Ok(2));
    for _ in 0..2 {
        assert_eq!(receiver.try_recv(), Err(TryRecvError::Disconnected));
        assert_eq!(receiver.recv(), Err(RecvError));
        assert_eq!(
            receiver.recv_timeout(Duration::from_secs(100)),
            Err(RecvTimeoutError::Disconnected)
        );
    }
}

#[test]
fn wakes_a_receiver_when_the_last_sender_goes() {
    let _dog = watchdog(LIMIT);
    for round in 0..500 {
        let (sender, receiver) = channel::<()>();
        let senders: Vec<_> = (0..=round % 3).map(|_| sender.clone()).collect();
        drop(sender);
        let child = thread::spawn(move || receiver.recv());
        for sender in senders {
            thread::spawn(move || drop(sender));
        }
        assert_eq!(child.join().unwrap(), Err(RecvError));
    }
}

#[test]
fn returns_what_nobody_will_receive() {
    let (sender, receiver) = channel();
    drop(receiver);
    assert_eq!(sender.send(1), Err(SendError(1)));
    assert_eq!(sender.clone().send(2), Err(SendError(2)));
}

/// Messages that are not received are dropped with the receiver, not with the last sender.
#[test]
fn drops_what_was_not_received() {
    for count in [0, 1, 30, 31, 32, 61, 62, 63, 100] {
        let (sender, receiver) = channel();
        let message = Arc::new(());
        for _ in 0..count {
            sender.send(message.clone()).unwrap();
        }
        if count > 0 {
            receiver.recv().unwrap();
        }
        drop(receiver);
        assert_eq!(Arc::strong_count(&message), 1);
        assert!(sender.send(message).is_err());
    }
}

#[test]
fn a_message_whose_drop_panics_leaves_none_behind() {
    struct Panics(Arc<AtomicUsize>, bool);
    impl Drop for Panics {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::Relaxed);
            if self.1 {
                panic!("on purpose");
            }
        }
    }
    let (sender, receiver) = channel();
    let drops = Arc::new(AtomicUsize::new(0));
    for number in 0..50 {
        let message = Panics(drops.clone(), number == 20);
        assert!(sender.send(message).is_ok());
    }
    catch_unwind(AssertUnwindSafe(|| drop(receiver))).unwrap_err();
    assert_eq!(drops.load(Ordering::Relaxed), 50);
}

#[test]
fn timeouts_are_never_early() {
    let _dog = watchdog(LIMIT);
    let (sender, receiver) = channel::<()>();
    for micros in [0, 1, 100, 5_000, 20_000] {
        let timeout = Duration::from_micros(micros);
        let start = Instant::now();
        assert_eq!(
            receiver.recv_timeout(timeout),
            Err(RecvTimeoutError::Timeout)
        );
        assert!(start.elapsed() >= timeout);
    }
    sender.send(()).unwrap();
    assert_eq!(receiver.recv_timeout(Duration::ZERO), Ok(()));
}

#[test]
fn a_timeout_without_end_waits_on() {
    let _dog = watchdog(LIMIT);
    let (sender, receiver) = channel();
    let child = thread::spawn(move || receiver.recv_timeout(Duration::MAX));
    thread::sleep(Duration::from_millis(20));
    sender.send(1).unwrap();
    assert_eq!(child.join().unwrap(), Ok(1));
}

#[test]
fn iterates() {
    let _dog = watchdog(LIMIT);
    let (sender, receiver) = channel();
    for number in 0..6 {
        sender.send(number).unwrap();
    }
    assert_eq!(receiver.try_iter().take(2).collect::<Vec<_>>(), [0, 1]);
    assert_eq!(receiver.iter().take(2).collect::<Vec<_>>(), [2, 3]);
    drop(sender);
    assert_eq!((&receiver).into_iter().next(), Some(4));
    assert_eq!(receiver.into_iter().collect::<Vec<_>>(), [5]);
}

/// Messages of one sender arrive in the order in which it sent them.
#[test]
fn many_senders_at_random() {
    let _dog = watchdog(LIMIT);
    const SENDERS: usize = 6;
    const MESSAGES: usize = 5_000;
    let mut random = Random::new();
    let (sender, receiver) = channel();
    thread::scope(|s| {
        for number in 0..SENDERS {
            let mut sender = sender.clone();
            let mut random = Random::seeded(random.draw());
            s.spawn(move || {
                for message in 0..MESSAGES {
                    sender.send((number, message)).unwrap();
                    match random.below(100) {
                        0 => thread::yield_now(),
                        1 => thread::sleep(Duration::from_micros(random.below(50))),
                        2 => sender = sender.clone(),
                        _ => {}
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

/// Senders race with the end of the receiver: each message is dropped once.
#[test]
fn the_receiver_goes_while_many_send() {
    let _dog = watchdog(LIMIT);
    let mut random = Random::new();
    for _ in 0..300 {
        let (sender, receiver) = channel();
        let message = Arc::new(());
        let count = random.below(100);
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

/// A receiver may move from thread to thread between two waits.
#[test]
fn the_receiver_may_move() {
    let _dog = watchdog(LIMIT);
    let (sender, mut receiver) = channel();
    for number in 0..50 {
        let child = thread::spawn(move || (receiver.recv(), receiver));
        sender.send(number).unwrap();
        let (received, back): (_, Receiver<i32>) = child.join().unwrap();
        assert_eq!(received, Ok(number));
        receiver = back;
    }
}

#[test]
fn a_sender_may_be_shared() {
    let _dog = watchdog(LIMIT);
    let (sender, receiver) = channel();
    thread::scope(|s| {
        for _ in 0..4 {
            s.spawn(|| sender.send(1).unwrap());
        }
    });
    drop(sender);
    assert_eq!(receiver.iter().sum::<i32>(), 4);
}

#[test]
fn takes_messages_of_any_size() {
    let (sender, receiver) = channel();
    sender.send(Box::new([7_u8; 100])).unwrap();
    assert_eq!(receiver.recv().unwrap()[99], 7);
    let (sender, receiver) = channel();
    for _ in 0..100 {
        sender.send([1_u64; 4096]).unwrap();
    }
    drop(sender);
    assert_eq!(receiver.iter().map(|block| block[4095]).sum::<u64>(), 100);
    let (sender, receiver): (Sender<()>, _) = channel();
    for _ in 0..100 {
        sender.send(()).unwrap();
    }
    drop(sender);
    assert_eq!(receiver.iter().count(), 100);
    let (sender, receiver) = channel();
    #[derive(Debug)]
    #[repr(align(128))]
    struct Aligned(u8);
    sender.send(Aligned(1)).unwrap();
    let aligned = receiver.recv().unwrap();
    assert_eq!(std::ptr::from_ref(&aligned).addr() % 128, 0);
    assert_eq!(aligned.0, 1);
}

#[test]
fn prints_as_std_does() {
    let (ours, theirs) = (channel::<i32>(), std::sync::mpsc::channel::<i32>());
    assert_eq!(format!("{ours:?}"), format!("{theirs:?}"));
    assert_eq!(
        format!("{:?}", ours.1.iter()),
        format!("{:?}", theirs.1.iter())
    );
    assert_eq!(
        format!("{:?}", ours.1.try_iter()),
        format!("{:?}", theirs.1.try_iter())
    );
    assert_eq!(
        format!("{:?}", ours.1.into_iter()),
        format!("{:?}", theirs.1.into_iter())
    );
}
