//! The event of a monitor: a hub is held.
#![forbid(unsafe_code)]

use std::fmt;
use std::panic::Location;
use std::time::Duration;

use crate::frame::{self, Frame};

/// A hub that one of its threads has held for longer than the monitor allows. See
/// [`Patcher::monitor`](crate::Patcher::monitor).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct HubBlocked {
    /// For how long the hub has not answered so far.
    pub duration: Duration,
    /// The number that the OS knows the hub's OS thread by.
    pub os_thread: u64,
    /// The number of the green thread that runs. None for the code on the OS thread's own stack, and if it is not
    /// known.
    pub thread: Option<u64>,
    /// The name of the green thread.
    pub name: Option<String>,
    /// Where the green thread was spawned.
    pub spawned_at: Option<&'static Location<'static>>,
    /// The system call that the OS thread is in, by its number. None if it computes, or the system does not tell.
    pub system_call: Option<u64>,
    /// The functions that the thread is in, innermost first, if it is known and the environment variable `RUST_BACKTRACE`
    /// asks for those of panics. Names need the symbols of the program, and lines its debug information. On x86-64 Linux.
    pub backtrace: Option<Vec<Frame>>,
    /// The name of the system call, if it is one that blocks often.
    pub(crate) call_name: Option<&'static str>,
    /// How many hubs were held since the last report without a report of their own, since reports are limited to one
    /// a second.
    pub unreported: u32,
}

impl fmt::Display for HubBlocked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the hub of OS thread {} is held for {:.0?} by ",
            self.os_thread, self.duration
        )?;
        match (self.thread, &self.name) {
            (Some(id), Some(name)) => write!(f, "{name:?} (thread {id})")?,
            (Some(id), None) => write!(f, "thread {id}")?,
            (None, _) => write!(f, "the code on the OS thread's own stack")?,
        }
        if let Some(location) = self.spawned_at {
            write!(f, ", spawned at {location}")?;
        }
        match self.system_call {
            Some(call) => write!(f, ", in system call {call}")?,
            None => write!(f, ", which computes")?,
        }
        if let Some(name) = self.call_name {
            write!(f, " ({name})")?;
        }
        if self.unreported > 0 {
            write!(f, "; {} more since the last report", self.unreported)?;
        }
        let frames = self.backtrace.as_deref().unwrap_or_default();
        frame::lines(frames).try_for_each(|line| write!(f, "\n      {line}"))
    }
}
