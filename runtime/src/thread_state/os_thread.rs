//! Properties of the current OS thread.
#![allow(unsafe_code)]

use std::os::unix::thread::RawPthread;

/// Returns the number that identifies the current OS thread to the OS. All green threads of a hub share it.
///
/// It is the number that debuggers and process monitors show: `gettid` on Linux, `pthread_threadid_np` on macOS.
///
/// # Examples
///
/// ```
/// let here = greenpatch::native_thread_id();
/// let there = std::thread::spawn(greenpatch::native_thread_id).join().unwrap();
/// assert_ne!(here, there);
/// ```
#[must_use]
pub fn native_thread_id() -> u64 {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        // SAFETY: gettid has no preconditions.
        let id = unsafe { libc::gettid() };
        id.try_into().expect("a thread's number is positive")
    }
    #[cfg(target_vendor = "apple")]
    {
        let mut id = 0;
        // SAFETY: thread 0 is the current one, and `id` is valid for the write.
        unsafe { libc::pthread_threadid_np(0, &raw mut id) };
        id
    }
    #[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
    {
        // SAFETY: pthread_self has no preconditions.
        unsafe { libc::pthread_self() as u64 }
    }
}

/// Returns the current OS thread as pthreads name it.
#[allow(
    clippy::unnecessary_cast,
    reason = "it is a pointer in some C libraries, such as musl"
)]
#[inline]
pub(crate) fn this_pthread() -> RawPthread {
    // SAFETY: pthread_self has no preconditions.
    unsafe { libc::pthread_self() as RawPthread }
}

/// Returns whether the current OS thread is the main thread of the process.
pub(crate) fn is_main_thread() -> bool {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        native_thread_id() == u64::from(std::process::id())
    }
    #[cfg(target_vendor = "apple")]
    {
        // SAFETY: pthread_main_np has no preconditions.
        unsafe { libc::pthread_main_np() == 1 }
    }
    #[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
    {
        std::thread::current().name() == Some("main")
    }
}
