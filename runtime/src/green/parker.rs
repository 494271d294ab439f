//! How a green thread, or the root of a hub, blocks.
#![forbid(unsafe_code)]

use std::task::Waker;
use std::time::Instant;

use super::context;
use crate::hub::{self, Hub};
use crate::wait::interrupts::{Interrupts, Next};
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

impl Parker {
    /// Polls a lock that another thread holds, if that may be running on another core. Returns true if the lock is free.
    #[inline]
    pub(super) fn finds_free(&self, wait: &Wait<'_>) -> bool {
        self.0.poll_for_a_lock(|polls| wait.spin_at_most(polls))
    }
}

impl Parker {
    /// Blocks the thread that runs as `wait` asks, with a note for reports.
    #[inline]
    pub(super) fn wait(&self, wait: &Wait<'_>) -> Outcome {
        context::noting(self.0, Note::Object(wait), |interrupts| {
            match interrupts.are_active() {
                false => park::wait(self, wait),
                true => park::wait_interruptibly(self, wait),
            }
        })
    }
}

impl Park for Parker {
    #[inline(always)]
    fn waker(&self) -> Waker {
        self.0.waker()
    }

    #[inline(always)]
    fn park(&self, deadline: Option<Instant>) {
        self.0.park(deadline);
    }

    fn may_be_interrupted(&self) -> bool {
        context::with_interrupts(self.0, Interrupts::are_active)
    }

    fn next_interrupt(&self) -> Next {
        context::with_interrupts(self.0, |interrupts| self.0.next_interrupt(interrupts))
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
