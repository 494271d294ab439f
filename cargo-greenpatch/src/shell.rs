//! Status lines and errors in cargo's form.

use std::env;
use std::io::{self, IsTerminal};

/// Whether standard error takes colours, as cargo decides it.
fn colored() -> bool {
    match env::var("CARGO_TERM_COLOR").as_deref() {
        Ok("always") => true,
        Ok("never") => false,
        _ => env::var_os("NO_COLOR").is_none() && io::stderr().is_terminal(),
    }
}

/// Prints `error: …`.
pub(crate) fn error(message: &str) {
    if colored() {
        eprintln!("\x1b[1m\x1b[91merror\x1b[0m: {message}");
    } else {
        eprintln!("error: {message}");
    }
}

/// What is printed unless `-q` was given.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shell {
    quiet: bool,
    colored: bool,
}

impl Shell {
    /// By cargo's options.
    pub(crate) fn new(quiet: bool, color: Option<&str>) -> Self {
        let colored = match color {
            Some("always") => true,
            Some("never") => false,
            _ => colored(),
        };
        Shell { quiet, colored }
    }

    /// Prints `warning: …`.
    pub(crate) fn warning(self, message: &str) {
        if self.quiet {
            return;
        }
        if self.colored {
            eprintln!("\x1b[1m\x1b[93mwarning\x1b[0m: {message}");
        } else {
            eprintln!("warning: {message}");
        }
    }

    /// Prints a status line in cargo's form, with the verb in the first column.
    pub(crate) fn status(self, verb: &str, message: &str) {
        if self.quiet {
            return;
        }
        if self.colored {
            eprintln!("\x1b[1m\x1b[92m{verb:>12}\x1b[0m {message}");
        } else {
            eprintln!("{verb:>12} {message}");
        }
    }
}
