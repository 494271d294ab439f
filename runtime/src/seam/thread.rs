//! Starting a thread, leaving the processor to others, parking, and waiting for a thread's end.

use std::io;
use std::os::unix::thread::RawPthread;

use super::context;
use crate::patchable;
use crate::thread_state::shared::Runner;
use crate::wait::native::Native;
use crate::wait::park::{self, Outcome, Wait};

/// What a new thread is to be.
pub(crate) struct Start {
    /// Bytes of stack; none is the default.
    pub(crate) stack_size: Option<usize>,
    /// What it runs, and who it is. Dropped without having run if the thread cannot be started.
    pub(crate) runner: Runner,
}

/// What a thread was started as.
#[derive(Debug)]
pub(crate) enum Started {
    /// In a box, so that the handles of green threads, which have no such thing, are small.
    Native(Box<std::thread::JoinHandle<()>>),
    /// On this OS thread, for good.
    Green(RawPthread),
}

/// Starts a thread.
#[patchable]
pub(crate) fn start(start: Start) -> io::Result<Started> {
    let Start { stack_size, runner } = start;
    let mut builder = std::thread::Builder::new();
    if let Some(name) = runner.who().name() {
        builder = builder.name(name.into());
    }
    if let Some(size) = stack_size {
        builder = builder.stack_size(size);
    }
    builder
        .spawn(move || {
            context::adopt(runner.who().identity().clone());
            runner.run();
            drop(runner);
        })
        .map(|native| Started::Native(Box::new(native)))
}

/// Lets other threads run.
#[patchable]
pub(crate) fn yield_now() {
    #[expect(clippy::disallowed_methods, reason = "the native original of the seam")]
    std::thread::yield_now();
}

/// Makes this OS thread run the green threads that are started on it, and returns how many it has that have not
/// ended. It has to live as long as the process. Returns none where green threads run elsewhere, or there are none.
#[patchable]
pub(crate) fn host() -> io::Result<Option<usize>> {
    Ok(None)
}

/// Waits for the token of this thread.
#[patchable]
pub(crate) fn park(wait: &Wait<'_>) -> Outcome {
    park::wait(&Native::current(), wait)
}

/// Waits for a thread to end.
#[patchable]
pub(crate) fn join(wait: &Wait<'_>) -> Outcome {
    park::wait(&Native::current(), wait)
}

/// Waits for the very end of an OS thread whose body has returned: it has its thread-locals left to destroy, and
/// std, too, joins only after that.
#[patchable]
pub(crate) fn join_native(native: std::thread::JoinHandle<()>) {
    #[expect(clippy::disallowed_methods, reason = "the native original of the seam")]
    native.join().expect("a thread's body does not unwind");
}
