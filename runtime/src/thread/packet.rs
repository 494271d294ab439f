//! What a thread runs, and in the same place its result.
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

/// The closure of a thread, or its result, and the two scopes that it is in. One thread at a time has it.
pub(super) struct Packet<F, T> {
    stage: Cell<Stage<F, T>>,
    /// The overrides that hold for the thread that started this one.
    overrides: Cell<ScopeHandle>,
    /// Whose surroundings it borrows from, until it no longer does.
    scope: Cell<Option<Arc<ScopeData>>>,
}

enum Stage<F, T> {
    /// It has not run.
    Before(F),
    /// It has run.
    After(Result<T>),
    /// It runs, or its result was taken or dropped.
    Empty,
}

impl<F, T> Packet<F, T> {
    /// The packet of a thread that will run `f` under `overrides`; `scope`, if there is one, counts it.
    #[inline]
    pub(super) fn new(f: F, overrides: ScopeHandle, scope: Option<Arc<ScopeData>>) -> Self {
        Packet {
            stage: Cell::new(Stage::Before(f)),
            overrides: Cell::new(overrides),
            scope: Cell::new(scope),
        }
    }

    /// Drops what is left, and tells the scope that this thread borrows nothing more.
    fn empty(&self) {
        let stage = self.stage.replace(Stage::Empty);
        let panicked = matches!(stage, Stage::After(Err(_)));
        let _leaves = self.scope.take().map(|scope| Leaves { scope, panicked });
        match stage {
            Stage::Before(f) => drop(f),
            Stage::After(result) => drop_unwanted(result),
            Stage::Empty => {}
        }
    }
}

/// Drops a result that is not wanted. Aborts if that panics, as std does.
fn drop_unwanted<T>(result: Result<T>) {
    if panic::catch_unwind(AssertUnwindSafe(|| drop(result))).is_err() {
        eprintln!("fatal runtime error: thread result panicked on drop, aborting");
        std::process::abort();
    }
}

/// Tells a scope, when dropped, that a thread of it borrows nothing more.
struct Leaves {
    scope: Arc<ScopeData>,
    panicked: bool,
}

impl Drop for Leaves {
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
        let result = panic::catch_unwind(AssertUnwindSafe(|| {
            // Inside, since leaving them may drop what a user's closure has captured.
            let _overrides = overrides.enter();
            __rust_begin_short_backtrace(f)
        }));
        // Nothing is dropped by this, so nothing of the user's runs.
        mem::forget(self.stage.replace(Stage::After(result)));
    }

    fn discard(&self) {
        self.empty();
    }
}

/// Calls `f`. Above the frame of a function of this name, which std has, too, a short backtrace ends.
#[inline(never)]
fn __rust_begin_short_backtrace<F: FnOnce() -> T, T>(f: F) -> T {
    let result = f();
    // So that the call is not the last of this function, which would leave no frame.
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
