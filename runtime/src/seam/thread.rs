//! Spawning, yielding, parking and joining.

use std::io;
use std::os::unix::thread::RawPthread;
use std::ptr::NonNull;

use super::context;
use crate::boundary;
use crate::patchable;
use crate::thread_state::place::Place;
use crate::thread_state::shared::Runner;
use crate::wait::native;
use crate::wait::park::{Outcome, Wait};

/// A request to start a thread.
pub(crate) struct Start {
    /// The size of the stack in bytes; the default if `None`.
    pub(crate) stack_size: Option<usize>,
    /// Where a green thread runs.
    pub(crate) place: Place,
    /// The thread's side of the state that it shares with its handle. Dropped without having run if the thread cannot be
    /// started.
    pub(crate) runner: Runner,
}

/// A thread that was started.
#[derive(Debug)]
pub(crate) enum Started {
    /// An OS thread. Boxed, so that the handles of green threads are small.
    Native(Box<std::thread::JoinHandle<()>>),
    /// A green thread.
    Green {
        /// The OS thread that it is to begin on, and then runs on until it ends.
        os_thread: RawPthread,
        /// If it may begin on another one: returns the OS thread of a green thread that has begun, by its place.
        elsewhere: Option<fn(NonNull<()>) -> RawPthread>,
    },
}

/// Starts a thread.
#[patchable]
pub(crate) fn start(start: Start) -> io::Result<Started> {
    let Start {
        stack_size, runner, ..
    } = start;
    runner.lazy_identity().set_parent(context::number());
    let mut builder = std::thread::Builder::new();
    if let Some(name) = runner.lazy_identity().name() {
        builder = builder.name(name.into());
    }
    if let Some(size) = stack_size {
        builder = builder.stack_size(size);
    }
    builder
        .spawn(move || {
            context::adopt(runner.lazy_identity().identity().clone());
            runner.run(|| ());
            drop(runner);
        })
        .map(|native| Started::Native(Box::new(native)))
}

/// Yields to other threads.
#[patchable]
pub(crate) fn yield_now() {
    let _inside = boundary::enter();
    #[expect(clippy::disallowed_methods, reason = "the native original of the seam")]
    std::thread::yield_now();
}

/// Makes the current OS thread, which must live as long as the process, run the green threads that are spawned on it.
/// Returns the number of these that are alive; `None` if green threads run on other OS threads, or if there are none.
#[patchable]
pub(crate) fn host() -> io::Result<Option<usize>> {
    Ok(None)
}

/// Blocks until the token of the current thread is available.
#[patchable]
pub(crate) fn park(wait: &Wait<'_>) -> Outcome {
    native::block(wait, context::native_number)
}

/// Blocks until a thread has ended.
#[patchable]
pub(crate) fn join(wait: &Wait<'_>) -> Outcome {
    native::block(wait, context::native_number)
}

/// Blocks until an OS thread has also destroyed its thread-local values, as std's join does. Its body has already returned.
#[patchable]
pub(crate) fn join_native(native: std::thread::JoinHandle<()>) {
    let _inside = boundary::enter();
    #[expect(clippy::disallowed_methods, reason = "the native original of the seam")]
    native.join().expect("a thread's body does not unwind");
}
