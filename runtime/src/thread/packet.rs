//! The packet of a thread: its closure, and later its result.
#![forbid(unsafe_code)]

use std::cell::Cell;
use std::hint;
use std::mem;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;

use super::Result;
use super::scope_data::ScopeData;
use crate::patch::ScopeHandle;
use crate::thread_state::shared::{Body, TakeResult};
use crate::wait::payload::Cancelled;

/// The closure of a thread, or its result, and the two scopes that the thread is in. One thread at a time accesses it.
pub(super) struct Packet<F, T> {
    stage: Cell<Stage<F, T>>,
    /// The overrides that are in effect on the spawning thread.
    overrides: Cell<ScopeHandle>,
    /// The scope that the thread belongs to, until the thread no longer borrows from its environment.
    scope: Cell<Option<Arc<ScopeData>>>,
}

enum Stage<F, T> {
    /// The closure has not run.
    Before(F),
    /// The closure has run.
    After(Result<T>),
    /// The closure is running, or the result was taken or dropped.
    Empty,
}

impl<F, T> Packet<F, T> {
    /// Creates the packet of a thread that will run `f` under `overrides`. `scope`, if any, has already counted the thread.
    #[inline]
    pub(super) fn new(f: F, overrides: ScopeHandle, scope: Option<Arc<ScopeData>>) -> Self {
        Packet {
            stage: Cell::new(Stage::Before(f)),
            overrides: Cell::new(overrides),
            scope: Cell::new(scope),
        }
    }

    /// Drops the content, and then notifies the scope that this thread no longer borrows anything.
    fn empty(&self) {
        let stage = self.stage.replace(Stage::Empty);
        let panicked = matches!(&stage, Stage::After(Err(payload)) if !payload.is::<Cancelled>());
        let _exit = self.scope.take().map(|scope| ScopeExit { scope, panicked });
        match stage {
            Stage::Before(f) => drop(f),
            Stage::After(result) => drop_unwanted(result),
            Stage::Empty => {}
        }
    }
}

/// Drops a result that no handle will take. Aborts if the drop panics, as std does.
fn drop_unwanted<T>(result: Result<T>) {
    if panic::catch_unwind(AssertUnwindSafe(|| drop(result))).is_err() {
        eprintln!("fatal runtime error: thread result panicked on drop, aborting");
        std::process::abort();
    }
}

/// Notifies the scope, when dropped, that the thread no longer borrows anything.
struct ScopeExit {
    scope: Arc<ScopeData>,
    panicked: bool,
}

impl Drop for ScopeExit {
    fn drop(&mut self) {
        self.scope.thread_ended(self.panicked);
    }
}

impl<F, T> Body for Packet<F, T>
where
    F: FnOnce() -> T + Send,
    T: Send,
{
    fn run(&self) {
        let Stage::Before(f) = self.stage.replace(Stage::Empty) else {
            unreachable!("a thread runs once");
        };
        let overrides = self.overrides.take();
        #[cfg(feature = "tracing")]
        super::life::begins();
        let result = panic::catch_unwind(AssertUnwindSafe(|| {
            // Within `catch_unwind`, since leaving the overrides may drop values that a user's closure has captured.
            let _overrides = overrides.enter();
            __rust_begin_short_backtrace(f)
        }));
        #[cfg(feature = "tracing")]
        super::life::ends((result.as_ref()).is_err_and(|payload| !payload.is::<Cancelled>()));
        // The old stage is `Empty`, so forgetting it leaks nothing, and no user code runs here.
        mem::forget(self.stage.replace(Stage::After(result)));
    }

    fn discard(&self) {
        self.empty();
    }
}

/// Calls `f`. A short backtrace ends at the frame of a function with this name, as std's own.
#[inline(never)]
fn __rust_begin_short_backtrace<F: FnOnce() -> T, T>(f: F) -> T {
    let result = f();
    // Prevents a tail call, which would remove the frame.
    hint::black_box(());
    result
}

impl<F, T> TakeResult<T> for Packet<F, T>
where
    F: Send,
    T: Send,
{
    #[inline]
    fn take(&self) -> Option<Result<T>> {
        match self.stage.replace(Stage::Empty) {
            Stage::After(result) => Some(result),
            Stage::Before(_) | Stage::Empty => None,
        }
    }
}

impl<F, T> Drop for Packet<F, T> {
    #[inline]
    fn drop(&mut self) {
        let empty = matches!(self.stage.get_mut(), Stage::Empty);
        if !empty || self.scope.get_mut().is_some() {
            self.empty();
        }
    }
}
