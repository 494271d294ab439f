//! Loom models of a thread that ends while its handle joins it or is dropped.
#![allow(unsafe_code)]

use ::std::sync::Arc;

use loom::cell::UnsafeCell;
use loom::thread;

use super::{Body, Joiner, Result, Runner, Shared, TakeResult};
use crate::seam::thread as seam;
use crate::wait::interrupts::models::block_interrupted;

/// A packet that loom checks: two concurrent accesses fail the model if one of them is a write.
struct Packet {
    result: UnsafeCell<Option<Arc<()>>>,
    witness: Arc<()>,
    /// Dropped with the shared state itself.
    _alive: Arc<()>,
}

impl Packet {
    fn replace(&self, new: Option<Arc<()>>) -> Option<Arc<()>> {
        // SAFETY: loom fails the model before two threads access it.
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
        self.replace(Some(self.witness.clone()));
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

/// Runs a thread concurrently with `with_handle`, and asserts that everything is freed exactly once.
fn model(with_handle: impl Fn(Joiner<Arc<()>>) + Send + Sync + 'static) {
    model_of(|runner| runner.run(|| ()), with_handle);
}

fn model_of(life: fn(&Runner), with_handle: impl Fn(Joiner<Arc<()>>) + Send + Sync + 'static) {
    loom::model(move || {
        let witness = Arc::new(());
        let packet = Packet {
            result: UnsafeCell::new(None),
            witness: witness.clone(),
            _alive: witness.clone(),
        };
        // SAFETY: the packet borrows nothing.
        let (runner, joiner) = unsafe { Shared::split(0, || packet) };
        let child = thread::spawn(move || {
            life(&runner);
            runner.finish(|_| ());
        });
        with_handle(joiner);
        child.join().unwrap();
        assert_eq!(Arc::strong_count(&witness), 1);
    });
}

/// Joins a thread that ends on another OS thread.
fn join(joiner: Joiner<Arc<()>>) {
    // SAFETY: it is not near.
    let result = unsafe { joiner.join(seam::join, || false, || ()) };
    result.expect("it is not interrupted").unwrap();
}

#[test]
fn an_interrupted_join_races_with_the_end() {
    model(|joiner| {
        // SAFETY: it is not near.
        if let Some(result) = unsafe { joiner.join(block_interrupted, || false, || ()) } {
            result.unwrap();
        }
    });
}

#[test]
fn join_returns_the_result() {
    model(|joiner| {
        join(joiner);
    });
}

#[test]
fn join_after_is_done() {
    model(|joiner| {
        // The answer is not determined; the call itself is part of the model.
        let _ = joiner.is_done();
        join(joiner);
    });
}

#[test]
fn dropping_the_handle_races_with_the_end() {
    model(drop);
}

/// A thread that could not be started, and so never ran.
#[test]
fn thread_that_never_ran_is_freed() {
    model_of(|_| (), drop);
}
