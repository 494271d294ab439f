//! A package of its own, so that cargo does not turn on the feature `libc` of greenpatch for the other tests. It is no
//! default member of the workspace; `cargo test -p greenpatch-libc-tests` runs it.
#![allow(unsafe_code)]

pub mod c_code;

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use std::{io, ptr};

/// Patches all that is patched by default, on the calling thread.
///
/// # Panics
///
/// If something prevents it.
pub fn patch() {
    assert!(greenpatch::patch_all().expect("nothing objects").is_done());
}

/// A lock that is one word, and nothing for each thread: a futex.
#[derive(Debug, Default)]
pub struct WordLock(AtomicU32);

impl WordLock {
    /// Makes a lock that is free.
    pub const fn new() -> WordLock {
        WordLock(AtomicU32::new(0))
    }

    /// Waits until the lock is free, and takes it.
    pub fn lock(&self) {
        let mut found = self
            .0
            .compare_exchange(0, 1, Ordering::Acquire, Ordering::Relaxed)
            .err();
        while found.is_some_and(|_| self.0.swap(2, Ordering::Acquire) != 0) {
            let _ = futex_wait(&self.0, 2, None);
            found = Some(2);
        }
    }

    /// Frees the lock.
    pub fn unlock(&self) {
        if self.0.swap(0, Ordering::Release) == 2 {
            futex_wake(&self.0, 1);
        }
    }
}

/// Waits until the word is woken, by `FUTEX_WAIT`.
///
/// # Errors
///
/// As the system call.
pub fn futex_wait(word: &AtomicU32, value: u32, timeout: Option<Duration>) -> io::Result<()> {
    let timeout = timeout.map(|timeout| libc::timespec {
        tv_sec: timeout.as_secs() as libc::time_t,
        tv_nsec: timeout.subsec_nanos().into(),
    });
    let timeout = timeout.as_ref().map_or(ptr::null(), ptr::from_ref);
    let operation = libc::FUTEX_WAIT | libc::FUTEX_PRIVATE_FLAG;
    // SAFETY: the word and the time outlive the call.
    match unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), operation, value, timeout) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Wakes threads that wait for the word, by `FUTEX_WAKE`. Returns how many.
pub fn futex_wake(word: &AtomicU32, most: u32) -> i64 {
    let operation = libc::FUTEX_WAKE | libc::FUTEX_PRIVATE_FLAG;
    // SAFETY: a wake asks nothing of a word.
    unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), operation, most) }
}
