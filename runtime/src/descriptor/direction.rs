//! The direction of an operation, and whether the OS may block for it.
#![forbid(unsafe_code)]

/// The direction in which bytes are moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Read,
    Write,
}

/// How an attempt is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// The OS may block the thread until the call is complete.
    Block,
    /// The call fails with `WouldBlock` instead of blocking.
    Try,
}
