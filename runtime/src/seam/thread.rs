//! Starting a thread, leaving the processor to others, parking, and waiting for a thread's end.

use std::io;

use super::context;
use super::native::Native;
use super::park::{self, Outcome, Wait};
use crate::patchable;

/// What a new thread is to be.
pub(crate) struct Start {
    pub(crate) identity: std::sync::Arc<context::Identity>,
    /// Bytes of stack; none is the default.
    pub(crate) stack_size: Option<usize>,
    /// What it runs. It does not unwind.
    pub(crate) body: Box<dyn Body>,
}

/// What a thread runs, in two parts, since its own values are destroyed between them.
pub(crate) trait Body: Send {
    /// Runs the user's closure and keeps its result.
    fn run(&mut self);
    /// Publishes the result and wakes who waits for it.
    fn finish(self: Box<Self>);
}

/// What a thread was started as.
#[derive(Debug)]
pub(crate) enum Started {
    Native(std::thread::JoinHandle<()>),
    Green,
}

/// Starts a thread.
#[patchable]
pub(crate) fn start(start: Start) -> io::Result<Started> {
    let Start {
        identity,
        stack_size,
        mut body,
    } = start;
    let mut builder = std::thread::Builder::new();
    if let Some(name) = &identity.name {
        builder = builder.name(name.clone().into());
    }
    if let Some(size) = stack_size {
        builder = builder.stack_size(size);
    }
    builder
        .spawn(move || {
            context::adopt(identity);
            body.run();
            body.finish();
        })
        .map(Started::Native)
}

/// Lets other threads run.
#[patchable]
pub(crate) fn yield_now() {
    #[expect(clippy::disallowed_methods, reason = "the native original of the seam")]
    std::thread::yield_now();
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
