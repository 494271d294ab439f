//! The frames of a backtrace, as reports show them.
//!
//! Layer: frame, at the bottom.
//! Called by: `inspect`, `patch`.
//! Calls: nothing.
//! Never: captures a backtrace.
#![forbid(unsafe_code)]

use std::fmt;

/// The number of frames of a backtrace that are written.
const MOST_FRAMES: usize = 100;

/// A function that a thread is in.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Frame {
    /// Its name, as far as the program has symbols.
    pub function: String,
    /// The file of the code that it runs, if the program has such debug information.
    pub file: Option<String>,
    /// The line in that file.
    pub line: Option<u32>,
    /// The column in that line.
    pub column: Option<u32>,
}

impl Frame {
    /// Creates a frame without a place.
    pub(crate) fn new(function: String) -> Frame {
        Frame {
            function,
            file: None,
            line: None,
            column: None,
        }
    }
}

impl fmt::Display for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.function)?;
        let Some(file) = &self.file else {
            return Ok(());
        };
        write!(f, " at {file}")?;
        for number in [self.line, self.column].into_iter().flatten() {
            write!(f, ":{number}")?;
        }
        Ok(())
    }
}

/// Returns the lines of a backtrace: its first frames, and how many more there are.
pub(crate) fn lines(frames: &[Frame]) -> impl Iterator<Item = String> {
    let first = frames.iter().take(MOST_FRAMES).map(Frame::to_string);
    let more = frames.len().saturating_sub(MOST_FRAMES);
    first.chain((more > 0).then(|| format!("and {more} more")))
}
