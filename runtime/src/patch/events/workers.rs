//! [`Workers`].
#![forbid(unsafe_code)]

use std::error::Error;
use std::fmt;
use std::num::NonZeroUsize;
use std::str::FromStr;
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

/// Parses a number from one, or `per-core`.
///
/// # Examples
///
/// ```
/// use greenpatch::Workers;
///
/// assert_eq!("4".parse(), Ok(Workers::Count(4)));
/// assert_eq!("per-core".parse(), Ok(Workers::PerCore));
/// assert!("0".parse::<Workers>().is_err());
/// ```
impl FromStr for Workers {
    type Err = ParseWorkersError;

    fn from_str(text: &str) -> Result<Workers, ParseWorkersError> {
        if text == "per-core" {
            return Ok(Workers::PerCore);
        }
        match text.parse() {
            Ok(count) if count > 0 => Ok(Workers::Count(count)),
            _ => Err(ParseWorkersError(())),
        }
    }
}

/// The error of a text that is no [`Workers`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ParseWorkersError(());

impl fmt::Display for ParseWorkersError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected a whole number from 1, or per-core")
    }
}

impl Error for ParseWorkersError {}

impl From<usize> for Workers {
    fn from(count: usize) -> Workers {
        Workers::Count(count)
    }
}
