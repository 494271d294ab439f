//! A call that the OS has refused, for errors that name the call.
//!
//! Layer: below all others. Called by: `patch`, `reactor`, `hub`. Calls: std. Never: calls the OS.
#![forbid(unsafe_code)]

use std::error::Error;
use std::fmt;
use std::io;

/// A call that the OS has refused, and the OS's error.
#[derive(Debug)]
pub(crate) struct Refused {
    call: &'static str,
    error: io::Error,
}

impl Refused {
    /// Returns a function for `map_err` that adds the name of the call to an error.
    pub(crate) fn by(call: &'static str) -> impl FnOnce(io::Error) -> Refused {
        move |error| Refused { call, error }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} failed: {}", self.call, self.error)
    }
}

impl Error for Refused {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.error)
    }
}

impl From<Refused> for io::Error {
    /// Returns the OS's error, for functions with std's signatures.
    fn from(refused: Refused) -> io::Error {
        refused.error
    }
}
