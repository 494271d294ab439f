//! The warnings of a patch call. They are queued while it patches and written when it is over, because writing them
//! may lock, and may run functions that are being patched.
#![forbid(unsafe_code)]

use std::io::{self, Write};
use std::mem;
use std::sync::{Mutex, PoisonError};

use super::outlets;

static QUEUE: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Adds a warning to the patch call that is running. The same text is written once.
pub(crate) fn queue(text: String) {
    let mut queue = QUEUE.lock().unwrap_or_else(PoisonError::into_inner);
    if !queue.contains(&text) {
        queue.push(text);
    }
}

/// Empties the queue and returns its warnings.
pub(crate) fn take() -> Vec<String> {
    mem::take(&mut *QUEUE.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Passes the warnings on, or writes them to the standard error if neither a subscriber nor a logger is set.
pub(crate) fn emit(warnings: Vec<String>) {
    for warning in warnings {
        if !outlets::warning(&warning) {
            // A failure to write, such as a closed standard error, must not stop the program.
            let _ = writeln!(io::stderr(), "greenpatch: warning: {warning}");
        }
    }
}
