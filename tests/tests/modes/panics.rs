//! Panics stay in their thread, and are counted and reported by thread.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use greenpatch::{panic, thread};

use crate::Case;

pub(crate) const CASES: &[Case] = &[
    ("join returns the payload", join_returns_the_payload),
    ("a lock is poisoned", a_lock_is_poisoned),
    (
        "a neighbour that unwinds is not me",
        a_neighbour_that_unwinds_is_not_me,
    ),
    ("blocking while unwinding", blocking_while_unwinding),
    (
        "catch_unwind ends the panicking",
        catch_unwind_ends_the_panicking,
    ),
    ("hooks see the thread's name", hooks_see_the_threads_name),
];

fn join_returns_the_payload() {
    let error = thread::spawn(|| panic::resume_unwind(Box::new(9_u8)))
        .join()
        .unwrap_err();
    assert_eq!(*error.downcast::<u8>().unwrap(), 9);
}

fn a_lock_is_poisoned() {
    let lock = Arc::new(greenpatch::sync::Mutex::new(1));
    let error = thread::spawn({
        let lock = lock.clone();
        move || {
            let _guard = lock.lock().unwrap();
            panic::resume_unwind(Box::new(()));
        }
    })
    .join();
    assert!(error.is_err());
    assert!(lock.is_poisoned());
    assert_eq!(*lock.lock().unwrap_err().into_inner(), 1);
}

/// Unwinds, and stays in a destructor until the flag is set.
fn unwind_slowly(inside: Arc<AtomicBool>, go_on: Arc<AtomicBool>) -> thread::JoinHandle<()> {
    struct Slow(Arc<AtomicBool>, Arc<AtomicBool>);
    impl Drop for Slow {
        fn drop(&mut self) {
            assert!(thread::panicking());
            self.0.store(true, Ordering::Release);
            while !self.1.load(Ordering::Acquire) {
                thread::sleep(Duration::from_micros(100));
            }
            assert!(thread::panicking());
        }
    }
    thread::spawn(move || {
        let _slow = Slow(inside, go_on);
        panic::resume_unwind(Box::new(()));
    })
}

fn a_neighbour_that_unwinds_is_not_me() {
    let [inside, go_on] = [(); 2].map(|()| Arc::new(AtomicBool::new(false)));
    let neighbour = unwind_slowly(inside.clone(), go_on.clone());
    while !inside.load(Ordering::Acquire) {
        thread::sleep(Duration::from_micros(100));
    }
    assert!(!thread::panicking());
    let lock = greenpatch::sync::Mutex::new(());
    drop(lock.lock().unwrap());
    assert!(!lock.is_poisoned());
    thread::spawn(|| assert!(!thread::panicking()))
        .join()
        .unwrap();
    go_on.store(true, Ordering::Release);
    assert!(neighbour.join().is_err());
    assert!(!thread::panicking());
}

fn blocking_while_unwinding() {
    struct Joins(Option<thread::JoinHandle<u8>>);
    impl Drop for Joins {
        fn drop(&mut self) {
            assert_eq!(self.0.take().unwrap().join().unwrap(), 3);
        }
    }
    let error = thread::spawn(|| {
        let _joins = Joins(Some(thread::spawn(|| {
            thread::sleep(Duration::from_millis(1));
            3
        })));
        panic::resume_unwind(Box::new(()));
    })
    .join();
    assert!(error.is_err());
}

fn catch_unwind_ends_the_panicking() {
    thread::spawn(|| {
        let caught = panic::catch_unwind(|| panic::resume_unwind(Box::new(())));
        assert!(caught.is_err());
        assert!(!thread::panicking());
    })
    .join()
    .unwrap();
}

fn hooks_see_the_threads_name() {
    static SEEN: Mutex<Vec<(String, Option<String>)>> = Mutex::new(Vec::new());
    let before = panic::take_hook();
    panic::set_hook(Box::new(|info| {
        let message = info.payload_as_str().unwrap_or_default().to_string();
        let name = thread::current().name().map(str::to_string);
        SEEN.lock().unwrap().push((message, name));
    }));
    let named = thread::Builder::new().name("loud".into());
    assert!(
        named
            .spawn(|| panic!("for the hook"))
            .unwrap()
            .join()
            .is_err()
    );
    panic::set_hook(before);
    let seen = std::mem::take(&mut *SEEN.lock().unwrap());
    assert_eq!(
        seen,
        [("for the hook".to_string(), Some("loud".to_string()))]
    );
}
