//! Where a new green thread goes: to the hub it is spawned on, or to the background hub.
#![forbid(unsafe_code)]

use std::io;
use std::sync::{Mutex, PoisonError};

use super::{Hub, current};

/// Name of the OS thread on which the background hub runs.
const BACKGROUND: &str = "greenpatch-hub";

/// The hub for a green thread that this OS thread spawns: its own, or else the background hub, which
/// always makes progress.
///
/// # Errors
///
/// When the background hub is needed and the OS has no thread or descriptor for it.
pub(crate) fn place() -> io::Result<&'static Hub> {
    match current() {
        Some(hub) => Ok(hub),
        None => background(),
    }
}

fn background() -> io::Result<&'static Hub> {
    static HUB: Mutex<Option<&'static Hub>> = Mutex::new(None);
    let mut hub = HUB.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(hub) = *hub {
        return Ok(hub);
    }
    let new = Hub::new()?;
    std::thread::Builder::new()
        .name(BACKGROUND.into())
        .spawn(move || new.run_for_ever())?;
    Ok(*hub.insert(new))
}
