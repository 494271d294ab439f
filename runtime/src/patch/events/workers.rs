//! [`Workers`].
#![forbid(unsafe_code)]

use std::num::NonZeroUsize;
use std::thread;

/// How many OS threads run green threads, for [`Patcher::workers`](crate::Patcher::workers).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Workers {
    /// This many.
    Count(usize),
    /// One for each core that the process may use, as
    /// [`available_parallelism`](std::thread::available_parallelism) counts them when the setting is made; one if it cannot.
    PerCore,
}

impl Workers {
    /// Returns the number.
    pub(crate) fn count(self) -> usize {
        match self {
            Workers::Count(count) => count,
            Workers::PerCore => thread::available_parallelism().map_or(1, NonZeroUsize::get),
        }
    }
}

impl From<usize> for Workers {
    fn from(count: usize) -> Workers {
        Workers::Count(count)
    }
}
