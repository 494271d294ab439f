//! What a thread leaves for who joins it.
//!
//! Invariants:
//! 1. `result` is written by the thread itself, before it sets `state` to `DONE` with release, and
//!    read by nobody before they have seen that with acquire.
//! 2. After that it is touched by the one that owns the join handle, or by `drop`.
#![allow(unsafe_code)]

use std::cell::UnsafeCell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use super::scoped::ScopeData;
use crate::patch::scope::{self, ScopeHandle};
use crate::seam::thread::{self as seam, Body};
use crate::seam::until::{wait_while, wake_all};

const RUNNING: u32 = 0;
const DONE: u32 = 1;

/// The result of a thread, and whether it is there.
pub(super) struct Packet<T> {
    state: AtomicU32,
    result: UnsafeCell<Option<super::Result<T>>>,
    scope: Option<Arc<ScopeData>>,
}

// SAFETY: by the invariants the result is handed from one thread to one other.
unsafe impl<T: Send> Sync for Packet<T> {}

impl<T> Packet<T> {
    pub(super) fn new(scope: Option<Arc<ScopeData>>) -> Arc<Self> {
        Arc::new(Packet {
            state: AtomicU32::new(RUNNING),
            result: UnsafeCell::new(None),
            scope,
        })
    }

    pub(super) fn is_done(&self) -> bool {
        self.state.load(Ordering::Acquire) == DONE
    }

    /// Blocks until the thread has ended.
    pub(super) fn wait(&self) {
        wait_while(seam::join, &self.state, None, || !self.is_done());
    }

    /// Takes the result. The caller owns the join handle and has waited.
    pub(super) fn take(&self) -> super::Result<T> {
        assert!(
            self.is_done(),
            "a result is taken after the thread has ended"
        );
        // SAFETY: by invariant 2; the one join handle is consumed by its join.
        unsafe { &mut *self.result.get() }
            .take()
            .expect("a thread leaves one result, taken once")
    }
}

impl<T> Drop for Packet<T> {
    /// Drops a result that nobody wanted, and tells the scope that this thread borrows nothing more.
    fn drop(&mut self) {
        let panicked = matches!(self.result.get_mut(), Some(Err(_)));
        let result = self.result.get_mut();
        if panic::catch_unwind(AssertUnwindSafe(|| *result = None)).is_err() {
            eprintln!("fatal runtime error: thread result panicked on drop, aborting");
            std::process::abort();
        }
        if let Some(scope) = &self.scope {
            scope.thread_ended(panicked);
        }
    }
}

/// The body of a thread that runs `f` and leaves its result in a packet.
pub(super) struct Main<F, T> {
    f: Option<F>,
    packet: Option<Arc<Packet<T>>>,
    /// The scope of the thread that started this one.
    scope: ScopeHandle,
}

impl<F, T> Main<F, T> {
    pub(super) fn new(f: F, packet: Arc<Packet<T>>) -> Self {
        Main {
            f: Some(f),
            packet: Some(packet),
            scope: scope::capture(),
        }
    }
}

impl<F, T> Body for Main<F, T>
where
    F: FnOnce() -> T + Send,
    T: Send,
{
    fn run(&mut self) {
        let f = self.f.take().expect("a thread runs once");
        let scope = std::mem::take(&mut self.scope);
        let result = panic::catch_unwind(AssertUnwindSafe(|| {
            // Inside, since leaving a scope may drop what a user's closure has captured.
            let _scope = scope.enter();
            f()
        }));
        let packet = self
            .packet
            .take()
            .expect("a thread has a packet until it ends");
        // SAFETY: by invariant 1; the thread has not said yet that it is done.
        unsafe { *packet.result.get() = Some(result) };
        if Arc::strong_count(&packet) > 1 {
            self.packet = Some(packet);
        }
        // Otherwise nobody can join any more, and the result is dropped here, where the thread still
        // has its thread-locals, as in std.
    }

    fn finish(self: Box<Self>) {
        if let Some(packet) = &self.packet {
            packet.state.store(DONE, Ordering::Release);
            wake_all(&packet.state);
        }
    }
}
