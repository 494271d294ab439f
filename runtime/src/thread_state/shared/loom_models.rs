//! Models of how a thread ends and its handle joins or goes, run by loom.
#![allow(unsafe_code)]

use ::std::sync::Arc;

use loom::cell::UnsafeCell;
use loom::thread;

use super::{Body, Joiner, Result, Runner, Shared, TakeResult};
use crate::seam::thread as seam;

/// A packet whose accesses loom checks: two at once, one of them writing, fail the model.
struct Packet {
    result: UnsafeCell<Option<Arc<()>>>,
    left: Arc<()>,
    /// Counts the shared itself.
    _record: Arc<()>,
}

impl Packet {
    fn replace(&self, new: Option<Arc<()>>) -> Option<Arc<()>> {
        // SAFETY: loom fails the model before two threads are at it.
        self.result
            .with_mut(|result| unsafe { ::std::mem::replace(&mut *result, new) })
    }
}

impl Drop for Packet {
    fn drop(&mut self) {
        self.replace(None);
    }
}

impl Body for Packet {
    fn run(&self) {
        self.replace(Some(self.left.clone()));
    }

    fn discard(&self) {
        self.replace(None);
    }
}

impl TakeResult<Arc<()>> for Packet {
    fn take(&self) -> Option<Result<Arc<()>>> {
        self.replace(None).map(Ok)
    }
}

/// Runs a thread's life beside what `with_handle` does, and sees to it that nothing is left, nor freed twice.
fn model(with_handle: impl Fn(Joiner<Arc<()>>) + Send + Sync + 'static) {
    model_of(Runner::run, with_handle);
}

fn model_of(life: fn(&Runner), with_handle: impl Fn(Joiner<Arc<()>>) + Send + Sync + 'static) {
    loom::model(move || {
        let witness = Arc::new(());
        let packet = Packet {
            result: UnsafeCell::new(None),
            left: witness.clone(),
            _record: witness.clone(),
        };
        // SAFETY: it borrows nothing.
        let (runner, joiner) = unsafe { Shared::split(|| packet) };
        let child = thread::spawn(move || {
            life(&runner);
            runner.finish(|_| ());
        });
        with_handle(joiner);
        child.join().unwrap();
        assert_eq!(Arc::strong_count(&witness), 1);
    });
}

#[test]
fn join_gets_the_result() {
    model(|joiner| {
        joiner.join(seam::join, || ()).unwrap();
    });
}

#[test]
fn join_after_asking() {
    model(|joiner| {
        // What it says now decides nothing, but that it reads what the thread has written.
        let _ = joiner.is_done();
        joiner.join(seam::join, || ()).unwrap();
    });
}

#[test]
fn a_detached_thread_comes_last_or_first() {
    model(drop);
}

/// One that never ran, because it could not be started.
#[test]
fn what_did_not_run_is_freed() {
    model_of(|_| (), drop);
}
