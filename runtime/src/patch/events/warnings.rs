//! Warnings are queued while a call patches and come out once, when it is over: what writes them may
//! itself lock, or be patched.
#![forbid(unsafe_code)]

use std::io::{self, Write};
use std::mem;
use std::sync::{Mutex, PoisonError};

static QUEUE: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Adds a warning to those of the patch call that this OS thread is in. One text comes out once.
pub(crate) fn queue(text: String) {
    let mut queue = QUEUE.lock().unwrap_or_else(PoisonError::into_inner);
    if !queue.contains(&text) {
        queue.push(text);
    }
}

/// Empties the queue.
pub(crate) fn take() -> Vec<String> {
    mem::take(&mut *QUEUE.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Writes the warnings to the logger that is set, or else to the standard error.
///
/// `log` does not tell whether a logger is set. Its level does: it is off until one sets it.
pub(crate) fn emit(warnings: Vec<String>) {
    for warning in warnings {
        if log::max_level() == log::LevelFilter::Off {
            // Whether the standard error is closed or not, the program goes on.
            let _ = writeln!(io::stderr(), "greenpatch: warning: {warning}");
        } else {
            log::warn!(target: "greenpatch", "{warning}");
        }
    }
}
