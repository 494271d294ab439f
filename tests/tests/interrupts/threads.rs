//! Cancelled threads: their ends, their handles, and the scopes that they are in.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use greenpatch::sync::mpsc;
use greenpatch::{Cancel, Cancelled, Elapsed, thread, timeout};
use greenpatch_tests::Runner;

use crate::{Case, settle};

#[path = "../../../examples/cancel.rs"]
mod cancel_example;
#[path = "../../../examples/timeout.rs"]
mod timeout_example;

pub(crate) const CASES: &[Case] = &[
    ("a thread that has not started", not_started),
    ("a thread that has ended", ended),
    ("a thread that ends meanwhile", ends_meanwhile),
    ("many threads, as soon as they are spawned", many_at_once),
    ("a thread that cancels itself", itself),
    ("a thread that catches it is cancelled again", caught),
    (
        "others run while a thread catches it in a loop",
        caught_in_a_loop,
    ),
    ("values of the thread are dropped", values_are_dropped),
    (
        "thread-local values wait in their destructors",
        thread_locals,
    ),
    (
        "a result that nothing takes waits in its destructor",
        unwanted_result,
    ),
    ("a thread of a scope", of_a_scope),
    ("a thread that waits in a scope", in_a_scope),
    ("a time-out around a scope", timeout_around_a_scope),
    ("threads of a scope that spawn others", scope_that_goes_on),
    ("a sleep", a_sleep),
    ("no panic is reported or left over", no_panic_is_left_over),
];

fn is_cancelled<T>(joined: thread::Result<T>) {
    let Err(payload) = joined else {
        panic!("it was cancelled");
    };
    assert!(payload.is::<Cancelled>());
}

/// Where panics abort, nothing is interrupted, and the error says why.
fn panics_abort() {
    greenpatch::__private::panics_abort();
    assert!(greenpatch::patch_thread().unwrap().is_done());
    let error = timeout(Duration::ZERO, || unreachable!("it is not called")).unwrap_err();
    assert!(error.is_unsupported() && !error.is_elapsed());
    assert!(error.to_string().contains("panic = \"unwind\""), "{error}");
    let thread = thread::spawn(|| thread::sleep(Duration::from_millis(1)));
    assert!(!thread.cancel());
    thread.join().unwrap();
}

/// Nothing ends the waits of an OS thread.
pub(crate) fn on_native_threads() {
    let (sender, receiver) = mpsc::channel::<()>();
    let native = greenpatch::native(|| thread::spawn(move || receiver.recv().is_err()));
    assert!(!native.cancel());
    drop(sender);
    assert!(native.join().unwrap());
    let error = timeout(Duration::ZERO, || unreachable!("it is not called")).unwrap_err();
    assert!(error.is_unsupported() && !error.is_elapsed());
    assert!(error.to_string().contains("patch_thread"), "{error}");
    greenpatch::shield(|| ());
}

fn not_started() {
    let thread = thread::spawn(thread::park);
    assert!(thread.cancel());
    is_cancelled(thread.join());
    // It is interrupted in its first wait, not before that.
    let began = Arc::new(AtomicUsize::new(0));
    let thread = thread::spawn({
        let began = Arc::clone(&began);
        move || began.fetch_add(1, Ordering::Relaxed)
    });
    thread.cancel();
    assert_eq!(thread.join().unwrap(), 0);
    assert_eq!(began.load(Ordering::Relaxed), 1);
}

fn ended() {
    let thread = thread::spawn(|| 3);
    while !thread.is_finished() {
        thread::yield_now();
    }
    assert!(!thread.cancel());
    assert_eq!(thread.join().unwrap(), 3);
}

fn ends_meanwhile() {
    for round in 0..200 {
        let thread = thread::spawn(move || thread::sleep(Duration::from_micros(round)));
        thread::sleep(Duration::from_micros(100));
        thread.cancel();
        if let Err(payload) = thread.join() {
            assert!(payload.is::<Cancelled>());
        }
    }
}

fn many_at_once() {
    let threads: Vec<_> = (0..500)
        .map(|_| {
            let thread = thread::spawn(thread::park);
            thread.cancel();
            thread
        })
        .collect();
    for thread in threads {
        is_cancelled(thread.join());
    }
}

fn itself() {
    let (send, receive) = mpsc::channel::<thread::JoinHandle<()>>();
    let (sender, ended) = mpsc::channel::<()>();
    let thread = thread::spawn(move || {
        let _sender = sender;
        let me = receive.recv().unwrap();
        assert!(me.cancel());
        drop(me);
        // Not before the next wait.
        thread::park();
        unreachable!("it was cancelled");
    });
    send.send(thread).unwrap();
    assert!(ended.recv().is_err());
}

fn caught() {
    let thread = thread::spawn(|| {
        let caught = catch_unwind(thread::park).unwrap_err();
        assert!(caught.is::<Cancelled>());
        assert!(!thread::panicking());
        thread::sleep(Duration::from_secs(3600));
    });
    settle();
    thread.cancel();
    is_cancelled(thread.join());
    // It ends well if it does not wait again.
    let thread = thread::spawn(|| catch_unwind(thread::park).is_err());
    settle();
    thread.cancel();
    assert!(thread.join().unwrap());
}

fn caught_in_a_loop() {
    let (sender, receiver) = mpsc::channel::<()>();
    let thread = thread::spawn(move || {
        let mut caught = 0;
        while receiver.try_recv() != Err(mpsc::TryRecvError::Disconnected) {
            caught += u32::from(catch_unwind(thread::park).is_err());
        }
        caught
    });
    settle();
    thread.cancel();
    thread::sleep(Duration::from_millis(2));
    drop(sender);
    assert!(thread.join().unwrap() > 0);
}

fn values_are_dropped() {
    let counted = Arc::new(());
    let thread = thread::spawn({
        let counted = Arc::clone(&counted);
        move || {
            let _second = Arc::clone(&counted);
            thread::park();
            drop(counted);
        }
    });
    settle();
    assert_eq!(Arc::strong_count(&counted), 3);
    thread.cancel();
    is_cancelled(thread.join());
    assert_eq!(Arc::strong_count(&counted), 1);
}

/// Sleeps when it is dropped.
struct Sleepy;

static DROPPED: AtomicUsize = AtomicUsize::new(0);

impl Drop for Sleepy {
    fn drop(&mut self) {
        thread::sleep(Duration::from_millis(1));
        DROPPED.fetch_add(1, Ordering::Relaxed);
    }
}

fn thread_locals() {
    greenpatch::thread_local!(static SLEEPY: Cell<Option<Sleepy>> = const { Cell::new(None) });
    let before = DROPPED.load(Ordering::Relaxed);
    let thread = thread::spawn(|| {
        SLEEPY.set(Some(Sleepy));
        thread::park();
    });
    settle();
    thread.cancel();
    is_cancelled(thread.join());
    assert_eq!(DROPPED.load(Ordering::Relaxed), before + 1);
}

fn unwanted_result() {
    let before = DROPPED.load(Ordering::Relaxed);
    let thread = thread::spawn(|| {
        // It catches it, and returns a value.
        let _ = catch_unwind(thread::park);
        Sleepy
    });
    settle();
    thread.cancel();
    drop(thread);
    while DROPPED.load(Ordering::Relaxed) == before {
        thread::sleep(Duration::from_millis(1));
    }
}

fn of_a_scope() {
    let number = 1;
    thread::scope(|scope| {
        let one = scope.spawn(|| {
            thread::park();
            number
        });
        let other = scope.spawn(|| {
            thread::park();
            number
        });
        settle();
        assert!(one.cancel() && other.cancel());
        is_cancelled(one.join());
        // The other one is not joined. It has not panicked, so the scope does not panic either.
    });
}

fn in_a_scope() {
    let ended = Arc::new(AtomicUsize::new(0));
    let thread = thread::spawn({
        let ended = Arc::clone(&ended);
        move || {
            struct Ends<'a>(&'a AtomicUsize);
            impl Drop for Ends<'_> {
                fn drop(&mut self) {
                    thread::sleep(Duration::from_millis(1));
                    self.0.fetch_add(1, Ordering::Relaxed);
                }
            }

            let result = catch_unwind(AssertUnwindSafe(|| {
                thread::scope(|scope| {
                    for _ in 0..3 {
                        scope.spawn(|| {
                            let _ends = Ends(&ended);
                            thread::park();
                        });
                    }
                });
            }));
            // Its threads have ended before it is left.
            assert_eq!(ended.load(Ordering::Relaxed), 3);
            resume_unwind(result.unwrap_err());
        }
    });
    settle();
    thread.cancel();
    is_cancelled(thread.join());
}

fn timeout_around_a_scope() {
    for joins in [false, true] {
        let mut ended = [false; 3];
        let error = timeout(Duration::from_millis(2), || {
            thread::scope(|scope| {
                let handles = ended.each_mut().map(|ended| {
                    scope.spawn(move || {
                        let payload = catch_unwind(thread::park).unwrap_err();
                        assert!(payload.is::<Cancelled>());
                        *ended = true;
                        resume_unwind(payload);
                    })
                });
                if joins {
                    for handle in handles {
                        let _ = handle.join();
                    }
                }
            });
        });
        assert!(error.unwrap_err().is_elapsed());
        assert_eq!(ended, [true; 3]);
    }
    // A thread that does not wait ends well, but the scope has timed out.
    let error = timeout(Duration::from_millis(1), || {
        thread::scope(|scope| {
            scope.spawn(|| greenpatch::shield(|| thread::sleep(Duration::from_millis(5))));
        });
    });
    assert!(error.unwrap_err().is_elapsed());
}

/// Threads that the threads of a cancelled scope spawn are cancelled, too.
fn scope_that_goes_on() {
    let error = timeout(Duration::from_millis(2), || {
        thread::scope(|scope| {
            scope.spawn(|| {
                let payload = catch_unwind(thread::park).unwrap_err();
                scope.spawn(thread::park);
                resume_unwind(payload);
            });
        });
    });
    assert!(error.unwrap_err().is_elapsed());
}

fn a_sleep() {
    let thread = thread::spawn(|| thread::sleep(Duration::from_secs(3600)));
    settle();
    thread.cancel();
    is_cancelled(thread.join());
    let error = timeout(Duration::from_millis(2), || {
        thread::sleep(Duration::from_secs(3600));
    });
    assert!(error.unwrap_err().is_elapsed());
    timeout(Duration::from_secs(3600), || {
        thread::sleep(Duration::from_millis(1));
    })
    .unwrap();
}

fn no_panic_is_left_over() {
    let error = timeout(Duration::from_millis(1), || {
        struct Panicking;
        impl Drop for Panicking {
            fn drop(&mut self) {
                assert!(thread::panicking());
            }
        }
        let _panicking = Panicking;
        thread::park();
    });
    assert!(error.is_err());
    assert!(!thread::panicking() && !std::thread::panicking());
    let elapsed = timeout(Duration::from_millis(1), || {
        catch_unwind(thread::park).unwrap_err().is::<Elapsed>()
    });
    assert_eq!(elapsed, Ok(true));
}

/// What is a process of its own.
pub(crate) fn scenarios(runner: &mut Runner) {
    runner.scenario("panics abort", panics_abort, |_| (), |ended| ended.well());
    runner.scenario(
        "the example of time-outs",
        || timeout_example::main().unwrap(),
        |_| (),
        |ended| {
            ended.well();
            assert_eq!(ended.stderr, "");
            let lines =
                "the answer: well\nno answer: the time has elapsed\nthe answer: well\n3 requests\n";
            assert_eq!(ended.stdout, lines);
        },
    );
    runner.scenario(
        "the example of cancellation",
        || cancel_example::main().unwrap(),
        |_| (),
        |ended| {
            ended.well();
            assert_eq!(ended.stderr, "");
            let mut lines: Vec<&str> = ended.stdout.lines().collect();
            assert_eq!(lines[0], "worker 1 begins job 7", "{ended}");
            let ends = lines.iter().position(|line| *line == "worker 1 ends job 7");
            let closes = lines
                .iter()
                .position(|line| *line == "worker 1 closes its connection");
            assert!(ends.unwrap() < closes.unwrap(), "{ended}");
            lines.sort_unstable();
            let told = [
                "worker 1 begins job 7",
                "worker 1 closes its connection",
                "worker 1 ends job 7",
                "worker 1 was cancelled",
                "worker 2 closes its connection",
                "worker 2 was cancelled",
                "worker 3 closes its connection",
                "worker 3 was cancelled",
            ];
            assert_eq!(lines, told, "{ended}");
        },
    );
}
