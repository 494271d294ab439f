//! Loops that wait by polling what never blocks: on one OS thread, other threads must still run.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use greenpatch::sync::{Mutex, OnceLock, RwLock, mpsc};
use greenpatch::{hint, panic, thread};

use greenpatch_tests::{Ended, Scenario};

pub(crate) const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "loops that poll come to an end, on the root and on a green thread",
        child: polling_ends,
        check: Ended::well,
    },
    Scenario {
        name: "a loop that polls ends by what comes from outside",
        child: polling_for_the_outside_ends,
        check: Ended::well,
    },
    Scenario {
        name: "a thread that waits in between, or holds the hub, polls without giving way",
        child: not_while_held,
        check: Ended::well,
    },
];

/// Polls until another thread, which has not run yet, has changed the value.
fn each_loop() {
    let value = Arc::new(Mutex::new(0));
    thread::spawn({
        let value = value.clone();
        move || *value.lock().unwrap() = 1
    });
    while *value.lock().unwrap() == 0 {}

    thread::spawn({
        let value = value.clone();
        move || *value.lock().unwrap() = 2
    });
    while value.try_lock().is_ok_and(|value| *value == 1) {}
    assert_eq!(*value.lock().unwrap(), 2);

    let value = Arc::new(RwLock::new(0));
    type Ask = fn(&RwLock<u32>) -> u32;
    let asks: [Ask; 4] = [
        |value| *value.read().unwrap(),
        |value| *value.write().unwrap(),
        |value| *value.try_read().unwrap(),
        |value| *value.try_write().unwrap(),
    ];
    for (before, ask) in asks.into_iter().enumerate() {
        thread::spawn({
            let value = value.clone();
            move || *value.write().unwrap() += 1
        });
        while ask(&value) == before as u32 {}
    }

    let poisoned = Arc::new(Mutex::new(()));
    thread::spawn({
        let poisoned = poisoned.clone();
        move || {
            let _guard = poisoned.lock().unwrap();
            panic::resume_unwind(Box::new(()));
        }
    });
    while !poisoned.is_poisoned() {}

    let once = Arc::new(OnceLock::new());
    thread::spawn({
        let once = once.clone();
        move || once.set(1).unwrap()
    });
    while once.get().is_none() {}

    let (sender, receiver) = mpsc::channel();
    let thread = thread::spawn(move || sender.send(1).unwrap());
    while receiver.try_recv().is_err() {}
    while !thread.is_finished() {}

    // As the README advises for polling an atomic.
    let flag = Arc::new(AtomicBool::new(false));
    for ask in [hint::spin_loop, thread::yield_now] {
        flag.store(false, Ordering::Relaxed);
        thread::spawn({
            let flag = flag.clone();
            move || flag.store(true, Ordering::Relaxed)
        });
        while !flag.load(Ordering::Relaxed) {
            ask();
        }
    }
}

fn polling_ends() {
    greenpatch::patch_all().unwrap();
    each_loop();
    let polling = [(); 3].map(|()| thread::spawn(each_loop));
    for thread in polling {
        thread.join().unwrap();
    }
}

fn polling_for_the_outside_ends() {
    greenpatch::patch_all().unwrap();
    let value = Arc::new(Mutex::new(0));
    let set_after = |wait: fn()| {
        *value.lock().unwrap() = 0;
        thread::spawn({
            let value = value.clone();
            move || {
                wait();
                *value.lock().unwrap() = 1;
            }
        });
        while *value.lock().unwrap() == 0 {}
    };
    // A timer, a wakeup from another OS thread, and a descriptor.
    set_after(|| thread::sleep(Duration::from_millis(5)));
    set_after(|| {
        let (sender, receiver) = mpsc::channel();
        std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(5));
            sender.send(()).unwrap();
        });
        receiver.recv().unwrap();
    });
    set_after(|| {
        use std::io::{Read, Write};
        let (mut one, mut other) = greenpatch::os::unix::net::UnixStream::pair().unwrap();
        std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(5));
            greenpatch::native(|| other.write_all(b"x")).unwrap();
        });
        one.read_exact(&mut [0]).unwrap();
    });
}

fn not_while_held() {
    greenpatch::patch_thread().unwrap();
    let lock = Mutex::new(0);
    let ran = Arc::new(AtomicBool::new(false));
    thread::spawn({
        let ran = ran.clone();
        move || ran.store(true, Ordering::Relaxed)
    });
    // Fewer calls than count as polling.
    for _ in 0..200 {
        *lock.lock().unwrap() += 1;
    }
    assert!(!ran.load(Ordering::Relaxed));
    let hooked = Arc::new(AtomicBool::new(false));
    panic::set_hook(Box::new({
        let (ran, hooked) = (ran.clone(), hooked.clone());
        move |_| {
            let lock = Mutex::new(0);
            for _ in 0..10_000 {
                *lock.lock().unwrap() += 1;
            }
            hooked.store(!ran.load(Ordering::Relaxed), Ordering::Relaxed);
        }
    }));
    assert!(panic::catch_unwind(|| panic!("for the hook")).is_err());
    assert!(hooked.load(Ordering::Relaxed), "the hook holds the hub");
    for _ in 0..10_000 {
        *lock.lock().unwrap() += 1;
    }
    assert!(ran.load(Ordering::Relaxed));
}
