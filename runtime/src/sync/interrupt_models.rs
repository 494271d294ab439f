//! Loom models of waiters that are interrupted while others wait at the same lock.
#![forbid(unsafe_code)]

use ::std::sync::Arc;

use loom::thread;

use super::raw_mutex::RawMutex;
use super::raw_rwlock::{READ, RawRwLock, WRITE};
use crate::wait::interrupts::models::block_interrupted;

fn model(f: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound.get_or_insert(2);
    builder.check(f);
}

/// A waiter that leaves takes no wakeup with it, and the marks that it has set are put right.
#[test]
fn mutex_that_a_waiter_leaves() {
    model(|| {
        let mutex = Arc::new(RawMutex::new());
        mutex.lock();
        let leaves = thread::spawn({
            let mutex = Arc::clone(&mutex);
            move || {
                if mutex.lock_contended(|wait| block_interrupted(&wait.interruptible())) {
                    mutex.unlock();
                }
            }
        });
        let stays = thread::spawn({
            let mutex = Arc::clone(&mutex);
            move || {
                mutex.lock();
                mutex.unlock();
            }
        });
        mutex.unlock();
        leaves.join().unwrap();
        stays.join().unwrap();
        assert!(mutex.try_lock());
    });
}

/// A reader that queues behind a writer is admitted when that leaves, though another reader holds the lock throughout.
#[test]
fn rwlock_that_a_writer_leaves() {
    model(|| {
        let lock = Arc::new(RawRwLock::new());
        lock.read();
        let leaves = thread::spawn({
            let lock = Arc::clone(&lock);
            move || assert!(!lock.acquire(WRITE, block_interrupted))
        });
        let stays = thread::spawn({
            let lock = Arc::clone(&lock);
            move || {
                lock.read();
                lock.unlock_read();
            }
        });
        stays.join().unwrap();
        leaves.join().unwrap();
        lock.unlock_read();
        assert!(lock.try_write());
    });
}

/// A writer that leaves races with the last reader, and another writer stays.
#[test]
fn rwlock_that_a_writer_and_the_last_reader_leave() {
    model(|| {
        let lock = Arc::new(RawRwLock::new());
        lock.read();
        let leaves = thread::spawn({
            let lock = Arc::clone(&lock);
            move || {
                if lock.acquire(WRITE, block_interrupted) {
                    lock.unlock_write();
                }
            }
        });
        let stays = thread::spawn({
            let lock = Arc::clone(&lock);
            move || {
                lock.write();
                lock.unlock_write();
            }
        });
        lock.unlock_read();
        leaves.join().unwrap();
        stays.join().unwrap();
        assert!(lock.try_write());
    });
}

/// A reader that leaves races with a writer that unlocks.
#[test]
fn rwlock_that_a_reader_leaves() {
    model(|| {
        let lock = Arc::new(RawRwLock::new());
        lock.write();
        let leaves = thread::spawn({
            let lock = Arc::clone(&lock);
            move || {
                if lock.acquire(READ, block_interrupted) {
                    lock.unlock_read();
                }
            }
        });
        let stays = thread::spawn({
            let lock = Arc::clone(&lock);
            move || {
                lock.read();
                lock.unlock_read();
            }
        });
        lock.unlock_write();
        leaves.join().unwrap();
        stays.join().unwrap();
        assert!(lock.try_write());
    });
}
