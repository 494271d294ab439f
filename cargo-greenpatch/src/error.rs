//! The errors that end the tool: a message of one line, or the exit status of a program that has printed its message.

use std::fmt;

/// Why the tool stops.
#[derive(Debug)]
pub(crate) enum Failure {
    /// To be printed as `error: …`.
    Message(String),
    /// cargo or rustc has printed what is wrong.
    Status(i32),
}

impl Failure {
    /// Returns a failure with this message.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Failure::Message(message.into())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Message(message) => f.write_str(message),
            Failure::Status(status) => write!(f, "exit status {status}"),
        }
    }
}

/// Adds to an error what was being done.
pub(crate) trait Context<T> {
    /// Puts `doing` before the error: lower case, no full stop.
    fn context(self, doing: impl FnOnce() -> String) -> Result<T, Failure>;
}

impl<T, E: fmt::Display> Context<T> for Result<T, E> {
    fn context(self, doing: impl FnOnce() -> String) -> Result<T, Failure> {
        self.map_err(|error| Failure::Message(format!("{}: {error}", doing())))
    }
}
