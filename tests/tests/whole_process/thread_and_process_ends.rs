//! How threads and the process end.

use std::cell::RefCell;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use greenpatch::sync::{Condvar, Mutex};
use greenpatch::thread;

use greenpatch_tests::{Ended, Scenario};

pub(crate) const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "main returns while a green thread waits forever",
        child: main_returns,
        check: Ended::well,
    },
    Scenario {
        name: "a panic is reported under the green thread's name",
        child: panics_by_name,
        check: |ended| {
            ended.well();
            ended.said("thread 'worker' (");
            ended.said("whole_process/thread_and_process_ends.rs:");
            ended.said("about the worker");
            ended.said("thread '<unnamed>' (");
            ended.said("thread 'main' (");
        },
    },
    Scenario {
        name: "a panic while unwinding aborts",
        child: panics_while_unwinding,
        check: |ended| {
            ended.by_abort();
            ended.said("thread 'twice' (");
            ended.said("panic in a destructor during cleanup");
        },
    },
    Scenario {
        name: "a thread-local that panics when dropped aborts",
        child: thread_local_panics,
        check: |ended| {
            ended.by_abort();
            ended.said("thread local panicked on drop");
        },
    },
    Scenario {
        name: "thread-locals that are left native are not used after main's end has destroyed them",
        child: native_locals_at_the_end,
        check: Ended::well,
    },
    Scenario {
        name: "a user's panic hook is called as it is",
        child: users_hook,
        check: |ended| {
            ended.well();
            ended.said("mine: about the worker in Some(\"worker\")");
            assert!(!ended.stderr.contains("panicked at"), "{}", ended.stderr);
        },
    },
    Scenario {
        name: "off the main thread green threads run in the background",
        child: patches_off_the_main_thread,
        check: |ended| {
            ended.well();
            ended.said("patching off the main thread");
        },
    },
    Scenario {
        name: "a native thread outlives its spawner",
        child: native_outlives_its_spawner,
        check: Ended::well,
    },
    Scenario {
        name: "exit while others are suspended runs no destructor of theirs",
        child: exits,
        check: |ended| assert_eq!(ended.code, Some(3), "{}", ended.stderr),
    },
    Scenario {
        name: "exit from a green thread, patched off the main thread",
        child: exits_off_the_main_thread,
        check: |ended| assert_eq!(ended.code, Some(3), "{}", ended.stderr),
    },
    Scenario {
        name: "GREENPATCH=off leaves everything native",
        child: switched_off,
        check: Ended::well,
    },
];

fn main_returns() {
    greenpatch::patch_thread().unwrap();
    static NEVER: (Mutex<()>, Condvar) = (Mutex::new(()), Condvar::new());
    struct Loud;
    impl Drop for Loud {
        fn drop(&mut self) {
            std::process::abort();
        }
    }
    thread::spawn(|| {
        let _loud = Loud;
        let _guard = NEVER.1.wait(NEVER.0.lock().unwrap());
    });
    thread::sleep(Duration::from_millis(1));
}

fn panics_by_name() {
    greenpatch::patch_thread().unwrap();
    let worker = thread::Builder::new().name("worker".into());
    assert!(
        worker
            .spawn(|| panic!("about the worker"))
            .unwrap()
            .join()
            .is_err()
    );
    assert!(thread::spawn(|| panic!("about no name")).join().is_err());
    assert!(std::panic::catch_unwind(|| panic!("about main")).is_err());
}

fn panics_while_unwinding() {
    greenpatch::patch_thread().unwrap();
    struct Again;
    impl Drop for Again {
        fn drop(&mut self) {
            panic!("second");
        }
    }
    let twice = thread::Builder::new().name("twice".into());
    let _ = twice
        .spawn(|| {
            let _again = Again;
            panic!("first");
        })
        .unwrap()
        .join();
}

fn thread_local_panics() {
    greenpatch::patch_thread().unwrap();
    struct Bad;
    impl Drop for Bad {
        fn drop(&mut self) {
            panic!("from a thread-local");
        }
    }
    greenpatch::thread_local!(static BAD: RefCell<Option<Bad>> = const { RefCell::new(None) });
    let _ = thread::spawn(|| BAD.set(Some(Bad))).join();
}

fn native_locals_at_the_end() {
    struct Valued(Box<u32>);
    impl Drop for Valued {
        fn drop(&mut self) {
            *self.0 = 0;
        }
    }
    struct Waits;
    impl Drop for Waits {
        fn drop(&mut self) {
            for _ in 0..10 {
                thread::yield_now();
                thread::sleep(Duration::from_millis(1));
            }
        }
    }
    greenpatch::thread_local! {
        static WAITS: Option<Waits> = const { Some(Waits) };
        static CONSTANT: RefCell<Option<Valued>> = const { RefCell::new(None) };
        static MADE: Valued = Valued(Box::new(1));
    }
    let options = greenpatch::ThreadOptions::new().thread_local(false);
    assert!(options.apply().unwrap().is_done());
    // The newest value is destroyed first, so the one that waits is destroyed last.
    WAITS.with(|_| ());
    CONSTANT.set(Some(Valued(Box::new(1))));
    thread::spawn(|| {
        CONSTANT.with_borrow(|constant| {
            MADE.with(|made| {
                loop {
                    let constant = constant.as_ref().map(|value| *value.0);
                    if (constant, *made.0) != (Some(1), 1) {
                        eprintln!("used after it was destroyed");
                        std::process::abort();
                    }
                    thread::yield_now();
                }
            });
        });
    });
    thread::yield_now();
}

fn users_hook() {
    greenpatch::panic::set_hook(Box::new(|info| {
        let name = thread::current().name().map(str::to_string);
        eprintln!("mine: {} in {name:?}", info.payload_as_str().unwrap());
    }));
    greenpatch::patch_thread().unwrap();
    let worker = thread::Builder::new().name("worker".into());
    assert!(
        worker
            .spawn(|| panic!("about the worker"))
            .unwrap()
            .join()
            .is_err()
    );
}

fn patches_off_the_main_thread() {
    static ENDED: AtomicBool = AtomicBool::new(false);
    let (native, there) = std::thread::spawn(|| {
        greenpatch::patch_thread().unwrap();
        let there = thread::spawn(greenpatch::native_thread_id).join().unwrap();
        thread::spawn(|| {
            thread::sleep(Duration::from_millis(5));
            ENDED.store(true, Ordering::Release);
        });
        (greenpatch::native_thread_id(), there)
    })
    .join()
    .unwrap();
    assert_ne!(native, there);
    // Threads that main starts run there, too.
    assert_eq!(
        thread::spawn(greenpatch::native_thread_id).join().unwrap(),
        there
    );
    while !ENDED.load(Ordering::Acquire) {
        thread::sleep(Duration::from_millis(1));
    }
}

fn exits_off_the_main_thread() {
    std::thread::spawn(|| {
        greenpatch::patch_thread().unwrap();
        thread::spawn(thread::park);
        let _ = thread::spawn(|| std::process::exit(3)).join();
    })
    .join()
    .unwrap();
}

fn native_outlives_its_spawner() {
    let (sender, receiver) = greenpatch::sync::mpsc::channel();
    thread::spawn(move || {
        thread::spawn(move || {
            thread::sleep(Duration::from_millis(5));
            sender.send(thread::current().id()).unwrap();
        });
    })
    .join()
    .unwrap();
    // Now the root of a hub waits for it.
    greenpatch::patch_thread().unwrap();
    assert_ne!(receiver.recv().unwrap(), thread::current().id());
}

fn exits() {
    greenpatch::patch_thread().unwrap();
    struct Loud;
    impl Drop for Loud {
        fn drop(&mut self) {
            std::process::abort();
        }
    }
    thread::spawn(|| {
        let _loud = Loud;
        thread::park();
        thread::sleep(Duration::from_secs(1000));
    });
    thread::yield_now();
    let _ = thread::spawn(|| std::process::exit(3)).join();
}

fn switched_off() {
    // SAFETY: nothing else runs in this process yet.
    #[allow(unsafe_code)]
    unsafe {
        std::env::set_var("GREENPATCH", "off");
    }
    assert!(greenpatch::patch_thread().unwrap().is_cancelled());
    assert!(greenpatch::patch_all().unwrap().is_cancelled());
    let here = greenpatch::native_thread_id();
    assert_ne!(
        thread::spawn(greenpatch::native_thread_id).join().unwrap(),
        here
    );
}
