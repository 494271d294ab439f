//! The socket on which a process answers requests about its green threads.
//!
//! An OS thread of its own answers, so that green threads which are stuck change nothing: a hub that does not answer is
//! reported as held. Without a socket there is no such OS thread.
//!
//! ```text
//! start ─▶ place: the path, its folder, the bound socket
//!       └▶ server: the OS thread ─▶ client: what is read and written ─▶ request: the answers
//!       └▶ descriptors: what a child of a fork closes
//! ```
//
// Called by: `inspect`.
// Calls: `dump`, `stats`, `json_writer` and `os` of `inspect`, `boundary`, `patch`.
// Never: calls a hub but through `dump`.
#![allow(unsafe_code)]

mod client;
mod descriptors;
mod place;
mod request;
mod server;
mod signals;

use std::error::Error;
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use super::os;
use crate::boundary;
use crate::patch::Listen;
use place::Place;

/// The socket of this process, from the start to the exit.
static PLACE: Mutex<Option<Place>> = Mutex::new(None);

/// The process that has opened it. A child of a fork has no part in it.
static PROCESS: AtomicU32 = AtomicU32::new(0);

/// Opens the socket, if the environment, or else `asked`, asks for one and there is none yet.
///
/// # Errors
///
/// If the variable has a value without a meaning, another process has the socket, it cannot be made, its folder belongs to
/// another user, or the OS has no thread.
pub(crate) fn start(asked: Option<&Listen>) -> Result<(), Box<dyn Error + Send + Sync>> {
    let Some(listen) = place::asked(asked)? else {
        return Ok(());
    };
    let _inside = boundary::enter();
    if PROCESS.load(Ordering::Relaxed) == process::id() {
        return Ok(());
    }
    let mut place = lock();
    let wanted = place::path(&listen)?;
    if place.as_ref().is_some_and(|place| place.path == wanted) {
        // The child of a fork: the parent has the socket of that name.
        return Ok(());
    }
    let (listener, new) = place::open(wanted)?;
    descriptors::close_in_children();
    descriptors::LISTENER.set(&listener);
    let builder = thread::Builder::new().name("greenpatch-listen".into());
    let spawned = signals::without(|| {
        builder.spawn(move || {
            os::add_own_thread();
            server::serve(listener);
        })
    });
    if let Err(error) = spawned {
        descriptors::LISTENER.clear();
        new.remove();
        return Err(error.into());
    }
    PROCESS.store(process::id(), Ordering::Relaxed);
    *place = Some(new);
    // SAFETY: the function may be called at any exit, on any OS thread.
    unsafe { libc::atexit(finish) };
    Ok(())
}

/// Removes the file of the socket. Called when the process exits.
extern "C" fn finish() {
    // Before the lock: in the child of a fork it may be held by an OS thread that the child does not have.
    if PROCESS.load(Ordering::Relaxed) != process::id() {
        return;
    }
    let _inside = boundary::enter();
    if let Some(place) = lock().take() {
        place.remove();
    }
}

fn lock() -> MutexGuard<'static, Option<Place>> {
    PLACE.lock().unwrap_or_else(PoisonError::into_inner)
}
