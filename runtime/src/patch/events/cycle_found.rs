//! The event of a check for cycles: threads wait for each other.
#![forbid(unsafe_code)]

use std::fmt;
use std::panic::Location;

/// Threads that wait for each other: each for the next, and the last for the first. None of them can run again. See
/// [`Patcher::cycles`](crate::Patcher::cycles).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CycleFound {
    /// The threads, from the one with the smallest number on.
    pub threads: Vec<CycleThread>,
}

/// A thread of a [cycle](CycleFound).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CycleThread {
    /// The number of the thread.
    pub id: u64,
    /// The name that it was given.
    pub name: Option<String>,
    /// Where it was spawned. None for an OS thread, and for the code on the stack of one.
    pub spawned_at: Option<&'static Location<'static>>,
    /// What it waits for, and which thread can end that, in words.
    pub wait: String,
    /// Where it has called the function that blocks.
    pub location: Option<&'static Location<'static>>,
}

impl fmt::Display for CycleFound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.threads.len();
        let threads = if count == 1 { "thread" } else { "threads" };
        write!(f, "a cycle of {count} {threads}, which cannot run again")?;
        for CycleThread {
            id,
            name,
            spawned_at,
            wait,
            ..
        } in &self.threads
        {
            match name {
                Some(name) => write!(f, "\n  {name:?} (thread {id})")?,
                None => write!(f, "\n  thread {id}")?,
            }
            write!(f, ": waiting for {wait}")?;
            if let Some(location) = spawned_at {
                write!(f, "; spawned at {location}")?;
            }
        }
        Ok(())
    }
}
