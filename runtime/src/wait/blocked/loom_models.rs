//! Models of a report that reads the states of two threads, while these wake each other.

use loom::model::Builder;
use loom::sync::Arc;
use loom::thread;

use super::*;

/// Two threads. In a model none can block forever: it ends when it would, and the thread that wakes it does what it would do.
struct Two([Blocked; 2]);

impl Two {
    /// Lets a thread wait, once it has taken a token that it may have.
    fn block(&self, index: usize) {
        let thread = &self.0[index];
        while !thread.may_block() {
            thread.take();
        }
        thread.fall_asleep();
    }

    /// Lets a thread that was woken go on, once it is asleep, until it waits again.
    fn go_on(&self, index: usize) {
        while self.0[index].epoch.load(Ordering::Relaxed) & ASLEEP == 0 {
            thread::yield_now();
        }
        self.0[index].wake_up();
        self.0[index].take();
        self.block(index);
    }

    fn epochs(&self) -> Option<[usize; 2]> {
        Some([self.0[0].epoch()?, self.0[1].epoch()?])
    }

    /// Returns the epochs if no thread can run any more.
    fn at_rest(&self) -> Option<[usize; 2]> {
        let first = self.epochs()?;
        (self.epochs()? == first).then_some(first)
    }
}

/// One thread wakes the other and waits; the other wakes the first, if `wakes_back`, and waits. A report is made when all of that
/// is over, or not at all.
fn wake(wakes_back: bool, preemptions: usize) {
    let mut builder = Builder::new();
    builder.preemption_bound = Some(preemptions);
    builder.check(move || {
        let two = Arc::new(Two([Blocked::new(), Blocked::new()]));
        two.block(0);
        let first = thread::spawn({
            let two = two.clone();
            move || {
                assert!(two.0[0].give());
                two.block(1);
            }
        });
        let second = thread::spawn({
            let two = two.clone();
            move || {
                // The OS wakes the thread once there is a token.
                while two.0[0].token.load(Ordering::Relaxed) != GIVEN {
                    thread::yield_now();
                }
                two.0[0].wake_up();
                two.0[0].take();
                if wakes_back && two.0[1].give() {
                    two.go_on(1);
                }
                two.block(0);
            }
        });
        let found = two.at_rest();
        first.join().unwrap();
        second.join().unwrap();
        if let Some(found) = found {
            assert_eq!(two.epochs(), Some(found));
        }
    });
}

#[test]
fn a_wakeup_on_its_way_is_not_overlooked() {
    wake(false, 5);
}

#[test]
fn a_wakeup_back_is_not_overlooked() {
    wake(true, 3);
}

/// What a report reads of a wait is there while it reads.
#[test]
fn a_thread_goes_on_after_it_was_read() {
    loom::model(|| {
        let shared = Arc::new((Blocked::new(), loom::cell::UnsafeCell::new(0_u32)));
        let reader = thread::spawn({
            let shared = shared.clone();
            move || {
                let read = shared.0.read(|_| shared.1.with(|_| ()));
                let again = shared.0.read(|_| shared.1.with(|_| ()));
                (read, again)
            }
        });
        for _ in 0..2 {
            // The model fails if this write and the reader's access are at the same time.
            shared.1.with_mut(|_| ());
            assert!(shared.0.may_block());
            shared.0.fall_asleep();
            shared.0.wake_up();
            shared.0.take();
        }
        reader.join().unwrap();
    });
}
