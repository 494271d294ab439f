//! Where a new green thread goes.
//!
//! With workers, to the one that has the fewest. Without, to the hub it is spawned on; from an OS
//! thread that is no hub, to the background hub, which always makes progress. So does a hub's own OS thread in
//! a panic hook, since no green thread of it runs before the hook has ended.
#![forbid(unsafe_code)]

use std::io;
use std::os::unix::thread::JoinHandleExt;
use std::sync::{Mutex, OnceLock, PoisonError};

use super::{Hub, current, switching};

/// Name of the OS thread on which the background hub runs.
const BACKGROUND: &str = "greenpatch-hub";

static WORKERS: OnceLock<Box<[&'static Hub]>> = OnceLock::new();

/// Starts `count` OS threads that run a hub each, on which green threads are placed from now on.
/// Workers that were started before stay the only ones.
///
/// # Errors
///
/// When the OS has no threads or descriptors for them.
pub(crate) fn start_workers(count: usize) -> io::Result<()> {
    if WORKERS.get().is_some() {
        return Ok(());
    }
    let hubs: Box<[_]> = (0..count).map(|_| Hub::new()).collect::<io::Result<_>>()?;
    for (number, hub) in hubs.iter().enumerate() {
        start(hub, &format!("greenpatch-{number}"))?;
    }
    // One thread patches at a time, so nobody has set them since.
    let _ = WORKERS.set(hubs);
    Ok(())
}

/// Whether there are workers, so that the patching thread is no hub.
#[inline]
pub(crate) fn has_workers() -> bool {
    WORKERS.get().is_some()
}

/// The hub for a green thread that this OS thread spawns.
///
/// # Errors
///
/// When the background hub is needed and the OS has no thread or descriptor for it.
#[inline]
pub(crate) fn place() -> io::Result<&'static Hub> {
    match switching() {
        Some(hub) if !has_workers() => Ok(hub),
        hub => place_elsewhere(hub),
    }
}

/// As [`place`], where that is not simply the hub that may switch.
#[cold]
fn place_elsewhere(hub: Option<&'static Hub>) -> io::Result<&'static Hub> {
    match WORKERS.get() {
        Some(workers) => {
            let held = current().filter(|_| hub.is_none());
            least_loaded(workers, held).map_or_else(background, Ok)
        }
        None => background(),
    }
}

/// The worker that has the fewest, but not the one that is held.
fn least_loaded(workers: &[&'static Hub], held: Option<&Hub>) -> Option<&'static Hub> {
    let is_held = |hub: &Hub| held.is_some_and(|held| std::ptr::eq(held, hub));
    let able = workers.iter().copied().filter(|hub| !is_held(hub));
    able.min_by_key(|hub| hub.load())
}

fn background() -> io::Result<&'static Hub> {
    static HUB: Mutex<Option<&'static Hub>> = Mutex::new(None);
    let mut hub = HUB.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(hub) = *hub {
        return Ok(hub);
    }
    let new = Hub::new()?;
    start(new, BACKGROUND)?;
    Ok(*hub.insert(new))
}

fn start(hub: &'static Hub, name: &str) -> io::Result<()> {
    let os_thread = std::thread::Builder::new()
        .name(name.into())
        .spawn(move || hub.run_for_ever())?;
    hub.belongs_to(os_thread.as_pthread_t());
    Ok(())
}
