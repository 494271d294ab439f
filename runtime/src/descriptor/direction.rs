//! Which way bytes go, and whether the OS may block for them.
#![forbid(unsafe_code)]

/// The way that bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Read,
    Write,
}

/// How to make an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// The OS may block this thread until the call is through.
    Block,
    /// The call is to fail with `WouldBlock` instead.
    Try,
}
