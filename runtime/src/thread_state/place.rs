//! [`Place`].
#![forbid(unsafe_code)]

/// Where a green thread runs, for [`BuilderExt::place`](crate::BuilderExt::place).
///
/// It is a hint for a process with [workers](crate::Patcher::workers). Without workers, and for native threads, it changes nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub enum Place {
    /// It begins on the worker of its spawner, or on one that has far fewer threads. Until it has begun, a worker that has
    /// nothing to run may take it over.
    #[default]
    Anywhere,
    /// On the worker of its spawner. Two threads that exchange messages all the time are fastest there. A spawner that does
    /// not run on a worker has none: then it is `Anywhere`.
    Here,
    /// On the worker with this number. They are numbered from zero, and the count goes on at the first one after the
    /// last.
    Worker(usize),
}
