//! Loom models of everything that waits. Loom explores all schedules, and all values that the memory model allows a load to
//! return.
//!
//! `RUSTFLAGS="--cfg loom" cargo test -p greenpatch --lib --release loom`
#![allow(unsafe_code)]

use ::std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use ::std::sync::Arc;
use ::std::time::Duration;

use loom::cell::UnsafeCell;
use loom::sync::atomic::AtomicUsize;
use loom::thread;

use super::mpsc::{self, RecvError, RecvTimeoutError, TryRecvError};
use super::{Condvar, Mutex, Once, RwLock, RwLockWriteGuard};
use crate::wait::atomic::Ordering;

/// A number that loom checks: two concurrent accesses fail the model if one of them is a write.
#[derive(Default)]
struct Checked(UnsafeCell<u32>);

impl Checked {
    fn bump(&self) {
        // SAFETY: loom fails the model before two threads access it.
        self.0.with_mut(|number| unsafe { *number += 1 });
    }

    fn read(&self) -> u32 {
        // SAFETY: as above.
        self.0.with(|number| unsafe { *number })
    }
}

// SAFETY: loom checks all accesses.
unsafe impl Sync for Checked {}

fn model(f: impl Fn() + Send + Sync + 'static) {
    model_with(2, f);
}

/// Explores all schedules with at most `preemptions` preemptions.
fn model_with(preemptions: usize, f: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound.get_or_insert(preemptions);
    builder.check(f);
}

/// Runs `child` on a new thread concurrently with `here`, and joins it.
fn beside(child: impl FnOnce() + Send + 'static, here: impl FnOnce()) {
    let child = thread::spawn(child);
    here();
    child.join().unwrap();
}

#[test]
fn mutex_excludes() {
    // One thread waits, and another is about to queue when a third overtakes it and is itself preempted.
    model_with(3, || {
        let mutex = Arc::new(Mutex::new(Checked::default()));
        let children: Vec<_> = (0..2)
            .map(|_| {
                let mutex = mutex.clone();
                thread::spawn(move || mutex.lock().unwrap().bump())
            })
            .collect();
        mutex.lock().unwrap().bump();
        for child in children {
            child.join().unwrap();
        }
        assert_eq!(mutex.lock().unwrap().read(), 3);
    });
}

/// A waiter that loses once is handed the mutex, ahead of a thread that acquires it repeatedly.
#[test]
fn mutex_is_handed_over() {
    model(|| {
        let mutex = Arc::new(Mutex::new(Checked::default()));
        let other = mutex.clone();
        beside(
            move || {
                for _ in 0..3 {
                    other.lock().unwrap().bump();
                }
            },
            || mutex.lock().unwrap().bump(),
        );
        assert_eq!(mutex.lock().unwrap().read(), 4);
    });
}

#[test]
fn mutex_try_lock_excludes() {
    model(|| {
        let mutex = Arc::new(Mutex::new(Checked::default()));
        let other = mutex.clone();
        beside(
            move || {
                if let Ok(guard) = other.try_lock() {
                    guard.bump();
                }
                other.lock().unwrap().bump();
            },
            || mutex.lock().unwrap().bump(),
        );
        assert!(mutex.lock().unwrap().read() >= 2);
    });
}

#[test]
fn condvar_loses_no_notification() {
    model(|| {
        let shared = Arc::new((Mutex::new(0), Condvar::new()));
        let children: Vec<_> = (0..2)
            .map(|_| {
                let shared = shared.clone();
                thread::spawn(move || {
                    let guard = shared.0.lock().unwrap();
                    *shared.1.wait_while(guard, |tokens| *tokens == 0).unwrap() -= 1;
                })
            })
            .collect();
        for _ in 0..2 {
            *shared.0.lock().unwrap() += 1;
            shared.1.notify_one();
        }
        for child in children {
            child.join().unwrap();
        }
    });
}

#[test]
fn condvar_notifies_all() {
    model(|| {
        let shared = Arc::new((Mutex::new(false), Condvar::new()));
        let children: Vec<_> = (0..2)
            .map(|_| {
                let shared = shared.clone();
                thread::spawn(move || {
                    let guard = shared.0.lock().unwrap();
                    drop(shared.1.wait_while(guard, |go| !*go).unwrap());
                })
            })
            .collect();
        *shared.0.lock().unwrap() = true;
        shared.1.notify_all();
        for child in children {
            child.join().unwrap();
        }
    });
}

/// A deadline races with a notification: a wait that was notified has consumed the notification, and a wait that timed out
/// has left it to the other waiter.
#[test]
fn condvar_timeout_takes_no_notification() {
    model(|| {
        let shared = Arc::new((Mutex::new((0, 0)), Condvar::new()));
        let (hasty, patient) = (shared.clone(), shared.clone());
        let hasty = thread::spawn(move || {
            let guard = hasty.0.lock().unwrap();
            let (mut guard, result) = hasty.1.wait_timeout(guard, Duration::ZERO).unwrap();
            if !result.timed_out() {
                guard.1 += 1;
            }
        });
        let patient = thread::spawn(move || {
            let mut guard = patient.0.lock().unwrap();
            while guard.0 == 0 {
                guard = patient.1.wait(guard).unwrap();
            }
        });
        let mut guard = shared.0.lock().unwrap();
        guard.0 = 1;
        drop(guard);
        shared.1.notify_one();
        hasty.join().unwrap();
        // If the hasty thread has consumed the notification, the patient one needs another.
        if shared.0.lock().unwrap().1 > 0 {
            shared.1.notify_one();
        }
        patient.join().unwrap();
    });
}

#[test]
fn rwlock_excludes() {
    model(|| {
        let lock = Arc::new(RwLock::new(Checked::default()));
        let (writer, reader) = (lock.clone(), lock.clone());
        let writer = thread::spawn(move || writer.write().unwrap().bump());
        let reader = thread::spawn(move || reader.read().unwrap().read());
        lock.write().unwrap().bump();
        writer.join().unwrap();
        reader.join().unwrap();
        assert_eq!(lock.read().unwrap().read(), 2);
    });
}

#[test]
fn rwlock_passes_on_to_a_writer() {
    model(|| {
        let lock = Arc::new(RwLock::new(Checked::default()));
        let children: Vec<_> = (0..2)
            .map(|_| {
                let lock = lock.clone();
                thread::spawn(move || {
                    lock.read().unwrap().read();
                })
            })
            .collect();
        lock.write().unwrap().bump();
        lock.write().unwrap().bump();
        for child in children {
            child.join().unwrap();
        }
    });
}

#[test]
fn rwlock_downgrades() {
    model(|| {
        let lock = Arc::new(RwLock::new(Checked::default()));
        let (writer, reader) = (lock.clone(), lock.clone());
        let writer = thread::spawn(move || writer.write().unwrap().bump());
        let reader = thread::spawn(move || {
            reader.read().unwrap().read();
        });
        let guard = lock.write().unwrap();
        guard.bump();
        let before = guard.read();
        let guard = RwLockWriteGuard::downgrade(guard);
        assert_eq!(guard.read(), before);
        drop(guard);
        writer.join().unwrap();
        reader.join().unwrap();
    });
}

#[test]
fn once_runs_once() {
    model(|| {
        let shared = Arc::new((Once::new(), Checked::default()));
        let children: Vec<_> = (0..2)
            .map(|_| {
                let shared = shared.clone();
                thread::spawn(move || {
                    shared.0.call_once(|| shared.1.bump());
                    assert_eq!(shared.1.read(), 1);
                })
            })
            .collect();
        shared.0.wait();
        assert_eq!(shared.1.read(), 1);
        for child in children {
            child.join().unwrap();
        }
    });
}

#[test]
fn once_is_retried_after_a_panic() {
    model(|| {
        let shared = Arc::new((Once::new(), AtomicUsize::new(0)));
        let attempt = |shared: &(Once, AtomicUsize)| {
            let result = catch_unwind(AssertUnwindSafe(|| {
                shared.0.call_once_force(|_| {
                    if shared.1.fetch_add(1, Ordering::Relaxed) == 0 {
                        resume_unwind(Box::new(()));
                    }
                });
            }));
            assert!(result.is_err() || shared.0.is_completed());
        };
        let other = shared.clone();
        beside(move || attempt(&other), || attempt(&shared));
        assert_eq!(shared.1.load(Ordering::Relaxed), 2);
    });
}

/// Two senders send more messages than one block has slots for.
#[test]
fn channel_crosses_blocks() {
    model(|| {
        let (sender, receiver) = mpsc::channel();
        let other = sender.clone();
        let child = thread::spawn(move || {
            for _ in 0..2 {
                let message = Checked::default();
                message.bump();
                other.send(message).unwrap();
            }
        });
        for _ in 0..2 {
            let message = Checked::default();
            message.bump();
            sender.send(message).unwrap();
        }
        drop(sender);
        for _ in 0..4 {
            assert_eq!(receiver.recv().unwrap().read(), 1);
        }
        assert!(matches!(receiver.recv(), Err(RecvError)));
        child.join().unwrap();
    });
}

#[test]
fn channel_wakes_the_receiver() {
    model(|| {
        let (sender, receiver) = mpsc::channel();
        let other = sender.clone();
        let children = [sender, other].map(|sender| {
            thread::spawn(move || {
                let message = Checked::default();
                message.bump();
                sender.send(message).unwrap();
            })
        });
        assert_eq!(receiver.recv().unwrap().read(), 1);
        assert_eq!(receiver.recv().unwrap().read(), 1);
        assert!(matches!(receiver.recv(), Err(RecvError)));
        for child in children {
            child.join().unwrap();
        }
    });
}

#[test]
fn channel_timeout_loses_no_message() {
    model(|| {
        let (sender, receiver) = mpsc::channel();
        beside(
            move || {
                sender.send(1).unwrap();
                sender.send(2).unwrap();
            },
            || {
                let mut received = 0;
                for _ in 0..2 {
                    match receiver.recv_timeout(Duration::ZERO) {
                        Ok(message) => {
                            received += 1;
                            assert_eq!(message, received);
                        }
                        Err(RecvTimeoutError::Timeout) => {}
                        Err(RecvTimeoutError::Disconnected) => assert_eq!(received, 2),
                    }
                }
                while let Ok(message) = receiver.recv() {
                    received += 1;
                    assert_eq!(message, received);
                }
                assert_eq!(received, 2);
            },
        );
    });
}

/// The receiver is dropped while two threads send: each message is returned, or dropped once.
#[test]
fn channel_drops_remaining_messages() {
    model(|| {
        let (sender, receiver) = mpsc::channel();
        let message = Arc::new(());
        let other = sender.clone();
        let children = [sender, other].map(|sender| {
            let message = message.clone();
            thread::spawn(move || {
                let _ = sender.send(message.clone());
                let _ = sender.send(message);
            })
        });
        drop(receiver);
        for child in children {
            child.join().unwrap();
        }
        assert_eq!(Arc::strong_count(&message), 1);
    });
}

#[test]
fn rendezvous_meets() {
    model(|| {
        let (sender, receiver) = mpsc::sync_channel(0);
        let other = sender.clone();
        let children = [sender, other].map(|sender| {
            thread::spawn(move || {
                let message = Checked::default();
                message.bump();
                sender.send(message).unwrap();
            })
        });
        for _ in 0..2 {
            assert_eq!(receiver.recv().unwrap().read(), 1);
        }
        assert!(matches!(receiver.recv(), Err(RecvError)));
        for child in children {
            child.join().unwrap();
        }
    });
}

#[test]
fn bounded_waits_for_room() {
    model(|| {
        let (sender, receiver) = mpsc::sync_channel(1);
        beside(
            move || {
                for number in 0..3 {
                    sender.send(number).unwrap();
                }
            },
            || {
                for number in 0..3 {
                    assert_eq!(receiver.recv(), Ok(number));
                }
                while let Err(TryRecvError::Empty) = receiver.try_recv() {
                    thread::yield_now();
                }
            },
        );
    });
}

/// A deadline races with a rendezvous: the sender and the receiver agree on whether it succeeded.
#[test]
fn rendezvous_timeout_agrees() {
    model(|| {
        let (sender, receiver) = mpsc::sync_channel(0);
        let child = thread::spawn(move || sender.send(1).is_ok());
        let received = receiver.recv_timeout(Duration::ZERO);
        drop(receiver);
        let sent = child.join().unwrap();
        assert_eq!(sent, received.is_ok());
    });
}
