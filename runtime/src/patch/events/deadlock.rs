//! What is done about a deadlock.
#![forbid(unsafe_code)]

/// What greenpatch does when no thread of the process can run again. See [`Patcher::on_deadlock`](crate::Patcher::on_deadlock).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[repr(u8)]
pub enum Deadlock {
    /// Writes a report to the standard error, once, and waits on, as std does.
    Report,
    /// Panics with the report on an OS thread of its own, so that the panic hook is called, and ends the process with 101. The
    /// threads that wait are not unwound.
    Panic,
    /// Writes a report to the standard error and aborts the process.
    Abort,
    /// Does nothing.
    Ignore,
}
