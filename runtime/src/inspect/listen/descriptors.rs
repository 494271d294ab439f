//! The descriptors of the OS thread that answers. A child of a fork has them, but not the thread, so it closes them:
//! otherwise a client would wait for an answer, or for the end of its connection, as long as the child lives.
//!
//! Invariant:
//! 1. A place holds a descriptor from after it was opened until before it is closed. So what a child closes is that descriptor.
#![allow(unsafe_code)]

use std::os::fd::{AsRawFd, RawFd};
use std::sync::Once;
use std::sync::atomic::{AtomicI32, Ordering};

/// How many clients may be attached at once.
pub(super) const MOST_CLIENTS: usize = 8;

const NONE: RawFd = -1;

/// A place for one descriptor.
pub(super) struct Descriptor(AtomicI32);

/// That of the socket which accepts clients.
pub(super) static LISTENER: Descriptor = Descriptor::new();
/// Those of the clients.
pub(super) static CLIENTS: [Descriptor; MOST_CLIENTS] = [const { Descriptor::new() }; MOST_CLIENTS];

impl Descriptor {
    const fn new() -> Descriptor {
        Descriptor(AtomicI32::new(NONE))
    }

    pub(super) fn set(&self, descriptor: &impl AsRawFd) {
        // Release: a fork on another OS thread that sees it closes what has been opened. As in `clear`.
        self.0.store(descriptor.as_raw_fd(), Ordering::Release);
    }

    /// Empties the place, before the descriptor is closed.
    pub(super) fn clear(&self) {
        self.0.store(NONE, Ordering::Release);
    }

    pub(super) fn is_free(&self) -> bool {
        self.0.load(Ordering::Relaxed) == NONE
    }
}

/// Has each child that is made from now on close the descriptors.
pub(super) fn close_in_children() {
    static ONCE: Once = Once::new();
    // SAFETY: the handler may be called in a child: it changes atomics and calls `close`, which is async-signal-safe. An error
    // means that there is no memory for it; then the handler does not run.
    ONCE.call_once(|| unsafe {
        libc::pthread_atfork(None, None, Some(forked));
    });
}

unsafe extern "C" fn forked() {
    for place in CLIENTS.iter().chain([&LISTENER]) {
        // Acquire: the partner of the stores above.
        let descriptor = place.0.swap(NONE, Ordering::Acquire);
        if descriptor != NONE {
            // SAFETY: by invariant 1 it is the thread's own, and the thread that would close it is not in this process.
            unsafe { libc::close(descriptor) };
        }
    }
}
