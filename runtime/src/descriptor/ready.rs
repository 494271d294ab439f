//! A wait for calls on descriptors that the caller makes itself, and of which nothing else is known: whether the number
//! still means the same descriptor, the caller decides.
#![forbid(unsafe_code)]

use std::cell::Cell;
use std::os::fd::RawFd;
use std::time::Instant;

use libc::pollfd;

use crate::descriptor::direction::Direction;

/// What a call waits for.
#[derive(Clone, Copy)]
pub(crate) enum Interest<'a> {
    /// One descriptor, in one direction.
    One(RawFd, Direction),
    /// The events of several, as `poll` has them. Nothing at all if there are none. The attempts change the elements.
    Any(&'a [Cell<pollfd>]),
}

/// A wait for a call that would block.
pub(crate) struct Ready<'a> {
    pub(crate) interest: Interest<'a>,
    pub(crate) deadline: Option<Instant>,
    /// Whether a signal ends the wait only if its handler was installed so that it ends calls.
    pub(crate) restarts: bool,
    /// Makes the call without blocking. Returns false if it would block.
    pub(crate) attempt: &'a mut dyn FnMut() -> bool,
}

/// What a function of libc asks for that cannot go on at once.
pub(crate) enum Waiting<'a> {
    /// A wait for descriptors.
    Ready(Ready<'a>),
    /// A wait until a point in time; forever if there is none.
    Until(Option<Instant>),
    /// A call that a helper makes.
    Elsewhere(&'a mut (dyn FnMut() + Send + 'a)),
    /// No wait: a transfer has been made without one.
    Transferred,
}

/// How a wait has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// The last attempt returned true, or the call was made.
    Done,
    /// The deadline has passed, and the last attempt returned false.
    TimedOut,
    /// A signal was handled meanwhile.
    Interrupted,
}
