//! How a green thread, or the root of a hub, blocks.
#![forbid(unsafe_code)]

use std::task::Waker;
use std::time::Instant;

use crate::hub::{self, Hub};
use crate::wait::park::Park;

/// The thread that runs on a hub.
pub(super) struct Parker(&'static Hub);

impl Parker {
    /// The thread that runs, if it is on a hub and may leave the processor to others there.
    #[inline]
    pub(super) fn current() -> Option<Self> {
        hub::switching().map(Parker)
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
