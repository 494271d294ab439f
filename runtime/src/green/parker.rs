//! How a green thread, or the root of a hub, blocks.
#![forbid(unsafe_code)]

use std::task::Waker;
use std::time::Instant;

use super::context;
use crate::hub::{self, Hub};
use crate::wait::note::Note;
use crate::wait::park::{self, Outcome, Park, Wait};

/// The thread that runs on a hub.
pub(super) struct Parker(&'static Hub);

impl Parker {
    /// The thread that runs, if it is on a hub and may leave the processor to others there.
    #[inline]
    pub(super) fn current() -> Option<Self> {
        hub::switching().map(Parker)
    }
}

#[cfg(greenpatch_libc)]
impl Parker {
    /// The same for a function of libc, which may be called by a signal handler, or in the child of a fork.
    pub(super) fn for_libc() -> Option<Self> {
        hub::switching_for_libc().map(Parker)
    }
}

impl Park for Parker {
    fn waker(&self) -> Waker {
        self.0.waker()
    }

    fn park(&self, deadline: Option<Instant>) {
        self.0.park(deadline);
    }
}

impl Parker {
    /// Blocks the thread that runs as `wait` asks, with a note for reports.
    #[inline]
    pub(super) fn wait(&self, wait: &Wait<'_>) -> Outcome {
        context::noting(self.0, Note::Object(wait), || park::wait(self, wait))
    }
}

/// Blocks the thread that runs as `wait` asks: on its hub if it may leave the processor to others there, else by
/// `native`, the original of the seam. The replacement of every seam that takes a [`Wait`].
pub(super) fn block(wait: &Wait<'_>, native: fn(&Wait<'_>) -> Outcome) -> Outcome {
    match Parker::current() {
        Some(parker) => parker.wait(wait),
        None => native(wait),
    }
}
