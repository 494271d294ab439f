//! Keeps forks out while the list of modules is locked: glibc does not release that lock in the child, which could then neither load a
//! library nor name the functions of a backtrace.
#![allow(unsafe_code)]

use std::hint;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Set while a thread forks, or must not.
static TAKEN: AtomicBool = AtomicBool::new(false);
/// For how long a fork waits. It goes on in the end: it may be made by the handler of a signal that has interrupted the very thread
/// that keeps it out.
const PATIENCE: Duration = Duration::from_secs(1);

/// Calls `f`, which takes some microseconds and does not fork, while no other thread forks.
pub(crate) fn while_no_fork<R>(f: impl FnOnce() -> R) -> R {
    struct Release;
    impl Drop for Release {
        fn drop(&mut self) {
            TAKEN.store(false, Ordering::Release);
        }
    }

    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // SAFETY: the handlers change an atomic, and read a clock. An error means that there is no memory for them.
        unsafe { libc::pthread_atfork(Some(before), Some(after), Some(after)) };
    });
    while !take() {
        #[expect(clippy::disallowed_methods, reason = "a report takes the OS thread")]
        thread::sleep(Duration::from_millis(1));
    }
    let _release = Release;
    f()
}

fn take() -> bool {
    !TAKEN.swap(true, Ordering::Acquire)
}

extern "C" fn before() {
    let start = Instant::now();
    // A function of libc that waits might let other green threads run.
    while !take() && start.elapsed() < PATIENCE {
        hint::spin_loop();
    }
}

extern "C" fn after() {
    TAKEN.store(false, Ordering::Release);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fork_waits() {
        static IS_INSIDE: AtomicBool = AtomicBool::new(false);
        let (sender, inside) = std::sync::mpsc::channel();
        let keeps = thread::spawn(move || {
            while_no_fork(|| {
                IS_INSIDE.store(true, Ordering::Relaxed);
                sender.send(()).unwrap();
                thread::sleep(Duration::from_millis(5));
                IS_INSIDE.store(false, Ordering::Relaxed);
            });
        });
        inside.recv().unwrap();
        // SAFETY: the child reads an atomic, and exits.
        let child = unsafe { libc::fork() };
        if child == 0 {
            let is_free = take();
            // SAFETY: it ends the child at once.
            unsafe { libc::_exit(i32::from(!is_free || IS_INSIDE.load(Ordering::Relaxed))) };
        }
        let mut status = 0;
        // SAFETY: it is valid for a write.
        assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
        assert_eq!(status, 0);
        keeps.join().unwrap();
        while_no_fork(|| ());
    }
}
