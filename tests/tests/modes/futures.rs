//! `block_on` and `spawn_blocking`: futures on threads, and threads as futures.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use greenpatch::sync::mpsc;
use greenpatch::{block_on, spawn_blocking, thread};
use greenpatch_tests::Random;

use crate::Case;

pub(crate) const CASES: &[Case] = &[
    ("a future that is ready", a_future_that_is_ready),
    ("a future that wakes itself", a_future_that_wakes_itself),
    ("a future woken by threads", a_future_woken_by_threads),
    ("other threads run meanwhile", other_threads_run_meanwhile),
    ("block_on within block_on", block_on_within_block_on),
    ("block_on leaves the token of park", the_token_of_park_stays),
    ("a wakeup after the end", a_wakeup_after_the_end),
    ("a future that panics", a_future_that_panics),
    ("blocking calls of an async program", blocking_calls),
    ("a blocking call that panics", a_blocking_call_that_panics),
    ("a blocking call whose future is dropped", a_dropped_future),
    (
        "the waker of the last poll counts",
        the_waker_of_the_last_poll,
    ),
    ("wakeups at random", wakeups_at_random),
];

/// A future that is ready when its flag is set, and leaves its waker where `set` finds it.
#[derive(Default)]
struct Flag {
    is_set: AtomicBool,
    waker: Mutex<Option<Waker>>,
}

impl Flag {
    fn set(&self) {
        self.is_set.store(true, Ordering::SeqCst);
        let waker = self.waker.lock().unwrap().take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn poll(&self, context: &Context<'_>) -> Poll<()> {
        *self.waker.lock().unwrap() = Some(context.waker().clone());
        match self.is_set.load(Ordering::SeqCst) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    }

    fn wait(&self) -> impl Future<Output = ()> {
        poll_fn(|context| self.poll(context))
    }
}

fn a_future_that_is_ready() {
    // It need not be `Send`, and may borrow.
    let number = Cell::new(41);
    block_on(async { number.set(number.get() + 1) });
    assert_eq!(number.get(), 42);
    assert_eq!(block_on(std::future::ready("ready")), "ready");
}

fn a_future_that_wakes_itself() {
    let mut polls = 0;
    block_on(poll_fn(|context| {
        polls += 1;
        context.waker().wake_by_ref();
        match polls {
            100 => Poll::Ready(()),
            _ => Poll::Pending,
        }
    }));
    assert_eq!(polls, 100);
}

fn a_future_woken_by_threads() {
    let flags: Arc<[Flag; 2]> = Arc::default();
    let green = thread::spawn({
        let flags = flags.clone();
        move || {
            thread::sleep(Duration::from_millis(2));
            flags[0].set();
        }
    });
    let native = std::thread::spawn({
        let flags = flags.clone();
        move || {
            std::thread::sleep(Duration::from_millis(4));
            flags[1].set();
        }
    });
    block_on(async {
        flags[1].wait().await;
        flags[0].wait().await;
    });
    green.join().unwrap();
    native.join().unwrap();
}

fn other_threads_run_meanwhile() {
    let flags: Arc<Vec<Flag>> = Arc::new((0..100).map(|_| Flag::default()).collect());
    let (tell, told) = mpsc::channel();
    let futures: Vec<_> = (0..100)
        .map(|index| {
            let (flags, tell) = (flags.clone(), tell.clone());
            thread::spawn(move || {
                block_on(async {
                    tell.send(()).unwrap();
                    flags[index].wait().await;
                });
            })
        })
        .collect();
    // All of them begin, though none can end before its flag is set.
    for _ in 0..100 {
        told.recv().unwrap();
    }
    assert!(futures.iter().all(|future| !future.is_finished()));
    flags.iter().for_each(Flag::set);
    for future in futures {
        future.join().unwrap();
    }
}

fn block_on_within_block_on() {
    let sum = block_on(async {
        let inner =
            thread::spawn(|| block_on(async { spawn_blocking(|| 1).unwrap().await.unwrap() }));
        let here = block_on(async { spawn_blocking(|| 2).unwrap().await.unwrap() });
        inner.join().unwrap() + here
    });
    assert_eq!(sum, 3);
}

fn the_token_of_park_stays() {
    thread::current().unpark();
    let flag = Arc::new(Flag::default());
    let setter = thread::spawn({
        let flag = flag.clone();
        move || flag.set()
    });
    block_on(flag.wait());
    setter.join().unwrap();
    // The token is there still: this returns.
    thread::park();
}

fn a_wakeup_after_the_end() {
    let kept: Mutex<Option<Waker>> = Mutex::default();
    block_on(poll_fn(|context| {
        *kept.lock().unwrap() = Some(context.waker().clone());
        Poll::Ready(())
    }));
    let waker = kept.into_inner().unwrap().unwrap();
    std::thread::spawn(move || {
        waker.wake_by_ref();
        waker.wake();
    })
    .join()
    .unwrap();
}

fn a_future_that_panics() {
    let caught = catch_unwind(AssertUnwindSafe(|| {
        block_on(async {
            spawn_blocking(|| ()).unwrap().await.unwrap();
            std::panic::resume_unwind(Box::new(7_u8));
        })
    }));
    assert_eq!(*caught.unwrap_err().downcast::<u8>().unwrap(), 7);
    assert_eq!(block_on(async { 1 }), 1);
}

fn blocking_calls() {
    let calls: Vec<_> = (0..100)
        .map(|number: u64| {
            spawn_blocking(move || {
                thread::sleep(Duration::from_millis(number % 5));
                number
            })
            .unwrap()
        })
        .collect();
    let sum = block_on(async {
        let mut sum = 0;
        for call in calls {
            sum += call.await.unwrap();
        }
        sum
    });
    assert_eq!(sum, 4950);
}

fn a_blocking_call_that_panics() {
    let call = spawn_blocking(|| -> u8 { std::panic::resume_unwind(Box::new("payload")) }).unwrap();
    let payload = block_on(call).unwrap_err();
    assert_eq!(*payload.downcast::<&str>().unwrap(), "payload");
}

fn a_dropped_future() {
    let (tell, told) = mpsc::channel();
    let (go, wait) = mpsc::channel::<()>();
    let call = spawn_blocking(move || {
        wait.recv().unwrap();
        tell.send("it ran").unwrap();
    })
    .unwrap();
    assert!(!call.is_finished());
    drop(call);
    go.send(()).unwrap();
    assert_eq!(told.recv().unwrap(), "it ran");
}

/// A future may be polled by one task, and then awaited by another.
fn the_waker_of_the_last_poll() {
    let (go, wait) = mpsc::channel::<()>();
    let mut call = spawn_blocking(move || wait.recv().unwrap()).unwrap();
    let mut first = pin!(poll_fn(|context| {
        assert!(Pin::new(&mut call).poll(context).is_pending());
        Poll::Ready(())
    }));
    block_on(&mut first);
    let awaiting = thread::spawn(move || block_on(call).unwrap());
    thread::sleep(Duration::from_millis(1));
    go.send(()).unwrap();
    awaiting.join().unwrap();
}

fn wakeups_at_random() {
    let mut random = Random::new();
    let waits = 200;
    let flags: Arc<Vec<Flag>> = Arc::new((0..waits).map(|_| Flag::default()).collect());
    let next = Arc::new(AtomicUsize::new(0));
    let setters: Vec<_> = (0..3)
        .map(|number| {
            let (flags, next) = (flags.clone(), next.clone());
            let mut random = Random::seeded(random.draw());
            let set = move || {
                loop {
                    let index = next.fetch_add(1, Ordering::SeqCst);
                    if index >= waits {
                        return;
                    }
                    for _ in 0..random.below(3) {
                        thread::yield_now();
                    }
                    flags[index].set();
                }
            };
            match number {
                0 => Ok(std::thread::spawn(set)),
                _ => Err(thread::spawn(set)),
            }
        })
        .collect();
    block_on(async {
        for flag in flags.iter() {
            flag.wait().await;
        }
    });
    for setter in setters {
        match setter {
            Ok(native) => native.join().unwrap(),
            Err(green) => green.join().unwrap(),
        }
    }
}
