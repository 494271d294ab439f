//! For loom models: a thread whose waits are interrupted.
#![forbid(unsafe_code)]

use ::std::task::Waker;
use ::std::time::Instant;

use super::{Due, Next};
use crate::wait::native::Native;
use crate::wait::park::{self, Outcome, Park, Wait};

/// Blocks as a thread does that is interrupted in each wait which lets it, as soon as that has begun.
pub(crate) fn block_interrupted(wait: &Wait<'_>) -> Outcome {
    park::wait_interruptibly(&Interrupted(Native::current()), wait)
}

struct Interrupted(Native);

impl Park for Interrupted {
    fn waker(&self) -> Waker {
        self.0.waker()
    }

    fn park(&self, deadline: Option<Instant>) {
        self.0.park(deadline);
    }

    fn may_be_interrupted(&self) -> bool {
        true
    }

    fn next_interrupt(&self) -> Next {
        Next::Now(Due::Cancelled { again: false })
    }
}
